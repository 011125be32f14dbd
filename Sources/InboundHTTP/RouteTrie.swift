/// A radix tree over the bytes of paths; its nodes lie in one array.
///
/// Every node is visited at most once per look-up, because a parameter always takes exactly one segment: no path can
/// make matching slower than the table is large.
struct RouteTrie: Sendable {
    private struct Node: Sendable {
        /// Bytes between the parent and this node; empty below a parameter and at the root.
        var label: [UInt8] = []
        var firstBytes: [UInt8] = []
        var children: [Int] = []
        var integer: Int?
        var segment: Int?
        var rest: Int?
        var value: Int?
    }

    private var nodes = [Node()]

    /// Stores `value` for the pattern, unless it has one already, which is returned then.
    mutating func insert(_ parts: [RoutePattern.Part], value: Int) -> Int? {
        var node = 0
        for part in parts {
            switch part {
            case .literal(let bytes): node = self.descend(from: node, along: bytes[...])
            case .integer: node = self.child(of: node, \.integer)
            case .segment: node = self.child(of: node, \.segment)
            case .rest: node = self.child(of: node, \.rest)
            }
        }
        if let existing = self.nodes[node].value { return existing }
        self.nodes[node].value = value
        return nil
    }

    /// The value of the best pattern that covers the whole path; `captures` are the parameters' places in it.
    func find(_ path: borrowing Span<UInt8>, captures: inout [Range<Int>]) -> Int? {
        self.find(path, at: 0, node: 0, captures: &captures)
    }

    private func find(
        _ path: borrowing Span<UInt8>,
        at position: Int,
        node index: Int,
        captures: inout [Range<Int>]
    ) -> Int? {
        if position == path.count { return self.nodes[index].value }
        if let slot = self.nodes[index].firstBytes.firstIndex(of: path[position]) {
            let child = self.nodes[index].children[slot]
            if self.matches(path, at: position, label: child),
                let value = self.find(
                    path,
                    at: position + self.nodes[child].label.count,
                    node: child,
                    captures: &captures
                )
            {
                return value
            }
        }
        let (integer, segment, rest) = (self.nodes[index].integer, self.nodes[index].segment, self.nodes[index].rest)
        if integer == nil, segment == nil, rest == nil { return nil }
        var end = position
        var isInteger = true
        while end < path.count, path[end] != UInt8(ascii: "/") {
            isInteger = isInteger && UInt8(ascii: "0") <= path[end] && path[end] <= UInt8(ascii: "9")
            end += 1
        }
        if end > position, isInteger, let integer {
            captures.append(position..<end)
            if let value = self.find(path, at: end, node: integer, captures: &captures) { return value }
            captures.removeLast()
        }
        if end > position, let segment {
            captures.append(position..<end)
            if let value = self.find(path, at: end, node: segment, captures: &captures) { return value }
            captures.removeLast()
        }
        guard let rest else { return nil }
        captures.append(position..<path.count)
        return self.nodes[rest].value
    }

    private func matches(_ path: borrowing Span<UInt8>, at position: Int, label child: Int) -> Bool {
        let count = self.nodes[child].label.count
        if path.count - position < count { return false }
        // The first byte has led here.
        for offset in 1..<max(count, 1) where path[position + offset] != self.nodes[child].label[offset] {
            return false
        }
        return true
    }

    private mutating func child(of node: Int, _ place: WritableKeyPath<Node, Int?>) -> Int {
        if let existing = self.nodes[node][keyPath: place] { return existing }
        self.nodes.append(Node())
        self.nodes[node][keyPath: place] = self.nodes.count - 1
        return self.nodes.count - 1
    }

    private mutating func descend(from start: Int, along bytes: ArraySlice<UInt8>) -> Int {
        var node = start
        var rest = bytes
        while let first = rest.first {
            guard let slot = self.nodes[node].firstBytes.firstIndex(of: first) else {
                self.nodes.append(Node(label: Array(rest)))
                self.nodes[node].firstBytes.append(first)
                self.nodes[node].children.append(self.nodes.count - 1)
                return self.nodes.count - 1
            }
            let child = self.nodes[node].children[slot]
            let common = zip(self.nodes[child].label, rest).prefix { $0 == $1 }.count
            if common < self.nodes[child].label.count {
                self.split(child, at: common)
            }
            node = child
            rest = rest.dropFirst(common)
        }
        return node
    }

    /// Leaves the first `count` bytes of the label at `node` and moves all else to a new child.
    private mutating func split(_ node: Int, at count: Int) {
        var lower = self.nodes[node]
        lower.label.removeFirst(count)
        self.nodes.append(lower)
        let upper = Array(self.nodes[node].label.prefix(count))
        self.nodes[node] = Node(label: upper, firstBytes: [lower.label[0]], children: [self.nodes.count - 1])
    }
}
