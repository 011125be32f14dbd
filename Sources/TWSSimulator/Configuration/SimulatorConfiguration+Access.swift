/// The nodes of the engine and who may call them.
extension SimulatorConfiguration {
    mutating func applyNodes(_ reader: inout ConfigurationReader) throws(ConfigurationError) {
        guard let nodes = try reader.array("nodes") else { return }
        self.backupPort = nil
        var roles: Set<NodeRole> = []
        for (index, node) in nodes.enumerated() {
            var reader = try ConfigurationReader(node, at: "nodes[\(index)]")
            guard let role: NodeRole = try reader.choice("role"), roles.insert(role).inserted else {
                throw reader.problem("role", "master or backup, each once, is expected")
            }
            let name = try reader.string("name")
            guard name.map(Self.isNodeName) ?? true else {
                throw reader.problem("name", "1 to 12 letters, digits, hyphens and underscores are expected")
            }
            let port = try reader.int("port", in: 0...65_535)
            try reader.finish()
            switch role {
            case .master:
                self.port = port ?? self.port
                self.plan.masterName = name ?? self.plan.masterName
            case .backup:
                self.backupPort = port ?? 0
                self.plan.backupName = name ?? self.plan.backupName
            }
        }
        guard roles.contains(.master), self.plan.masterName != self.plan.backupName else {
            throw reader.problem("nodes", "a master, and perhaps a backup of another name, are expected")
        }
    }

    private enum NodeRole: String, CaseIterable {
        case master
        case backup
    }

    /// The broker's name has four characters more than the master's, and a workstation's has sixteen at most.
    private static func isNodeName(_ name: String) -> Bool {
        (1...12).contains(name.count)
            && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }
    }

    mutating func applyAccounts(_ reader: inout ConfigurationReader) throws(ConfigurationError) {
        if let users = try reader.array("users") {
            self.users = []
            for (index, user) in users.enumerated() {
                var reader = try ConfigurationReader(user, at: "users[\(index)]")
                let user = User(name: try reader.required("name"), password: try reader.required("password"))
                try reader.finish()
                self.users.append(user)
            }
        }
        if let tokens = try reader.array("tokens") {
            self.tokens = []
            for (index, token) in tokens.enumerated() {
                var reader = try ConfigurationReader(token, at: "tokens[\(index)]")
                let expiry = try reader.string("expiresAt")
                let instant = expiry.flatMap { PlanInstant($0) }
                guard (expiry == nil) == (instant == nil) else {
                    throw reader.problem("expiresAt", "an instant such as 2026-01-15T12:00:00Z is expected")
                }
                let token = Token(
                    text: try reader.required("jwt"),
                    user: try reader.required("user"),
                    expiresAt: instant
                )
                try reader.finish()
                self.tokens.append(token)
            }
        }
    }
}

extension ConfigurationReader {
    fileprivate mutating func required(_ name: String) throws(ConfigurationError) -> String {
        guard let text = try self.string(name), !text.isEmpty else { throw self.problem(name, "a text is expected") }
        return text
    }
}
