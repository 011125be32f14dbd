import JSON
import NIOCore

/// What a client asks, parsed and checked.
enum ClientFrame: Hashable {
    case subscribe(topics: [String], since: [String: TopicPosition])
    case unsubscribe(topics: [String])
    case ping
    case refresh(accessToken: String)
    case presence(topic: String)

    /// A frame that cannot be carried out, with the `id` to answer to.
    struct Problem: Error, Hashable {
        let id: JSONValue?
        let detail: String
    }

    private static let longestTopic = 1024

    /// - Returns: the frame and its `id`, which may be any JSON number or string and is echoed in the answer.
    static func parse(_ text: ByteBuffer) throws(Problem) -> (frame: Self, id: JSONValue?) {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: Array(text.readableBytesView))
        } catch {
            throw Problem(id: nil, detail: "The frame is not JSON: \(error.message)")
        }
        guard value.fields != nil else { throw Problem(id: nil, detail: "The frame is not a JSON object.") }
        let id = try self.id(of: value)
        switch value["type"]?.string {
        case "subscribe":
            return (.subscribe(topics: try self.topics(value, id), since: try self.since(value, id)), id)
        case "unsubscribe":
            return (.unsubscribe(topics: try self.topics(value, id)), id)
        case "ping":
            return (.ping, id)
        case "refresh":
            guard let token = value["accessToken"]?.string else {
                throw Problem(id: id, detail: "accessToken: a string was expected.")
            }
            return (.refresh(accessToken: token), id)
        case "presence":
            guard let topic = value["topic"]?.string else {
                throw Problem(id: id, detail: "topic: a string was expected.")
            }
            return (.presence(topic: topic), id)
        case let other:
            let known = "subscribe, unsubscribe, ping, refresh or presence"
            throw Problem(id: id, detail: "type: \(known) was expected, not \(other.map { "\"\($0)\"" } ?? "nothing").")
        }
    }

    private static func id(of value: JSONValue) throws(Problem) -> JSONValue? {
        guard let id = value["id"], !id.isNull else { return nil }
        guard id.string != nil || id.double != nil else {
            throw Problem(id: nil, detail: "id: a number or a string was expected.")
        }
        return id
    }

    private static func topics(_ value: JSONValue, _ id: JSONValue?) throws(Problem) -> [String] {
        guard let elements = value["topics"]?.array, !elements.isEmpty else {
            throw Problem(id: id, detail: "topics: a list of topic names was expected.")
        }
        var topics: [String] = []
        for element in elements {
            guard let topic = element.string, !topic.isEmpty, topic.utf8.count <= self.longestTopic else {
                throw Problem(id: id, detail: "topics: names of 1 to \(self.longestTopic) bytes were expected.")
            }
            if !topics.contains(topic) { topics.append(topic) }
        }
        return topics
    }

    private static func since(_ value: JSONValue, _ id: JSONValue?) throws(Problem) -> [String: TopicPosition] {
        guard let since = value["since"], !since.isNull else { return [:] }
        guard let fields = since.fields else {
            throw Problem(id: id, detail: "since: an object of topic names was expected.")
        }
        var positions: [String: TopicPosition] = [:]
        for field in fields {
            guard let epoch = field.value["epoch"]?.string, let offset = field.value["offset"]?.int, offset >= 0 else {
                throw Problem(id: id, detail: "since.\(field.name): an object of epoch and offset was expected.")
            }
            positions[field.name] = TopicPosition(epoch: epoch, offset: UInt64(offset))
        }
        return positions
    }
}
