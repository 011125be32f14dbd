import JSON
import NIOCore

/// The JSON texts a server sends: contract of the subprotocol `resync.v1`.
enum ServerFrame {
    static let subprotocol = "resync.v1"

    static func welcome(connectionID: String, node: String, serverTime: String, settings: SocketSettings) -> [UInt8] {
        var json = self.begin("welcome")
        json.field("connectionId", connectionID)
        json.field("node", node)
        json.field("serverTime", serverTime)
        json.field("heartbeatSeconds", Int(settings.pingInterval.components.seconds))
        json.field("resumeWindowSeconds", Int(settings.resumeWindow.components.seconds))
        return self.end(json)
    }

    static func subscribed(id: JSONValue?, topics: [(String, TopicHistory.Subscription)]) -> [UInt8] {
        var json = self.begin("subscribed", id: id)
        json.key("topics")
        json.beginObject()
        for (name, subscription) in topics {
            json.key(string: name)
            json.beginObject()
            json.field("epoch", subscription.position.epoch)
            json.field("offset", subscription.position.offset)
            json.field("recovered", subscription.recovered)
            json.endObject()
        }
        json.endObject()
        return self.end(json)
    }

    static func unsubscribed(id: JSONValue?, topics: [String]) -> [UInt8] {
        var json = self.begin("unsubscribed", id: id)
        json.field("topics", topics)
        return self.end(json)
    }

    static func pong(id: JSONValue?, serverTime: String) -> [UInt8] {
        var json = self.begin("pong", id: id)
        json.field("serverTime", serverTime)
        return self.end(json)
    }

    static func refreshed(id: JSONValue?, expiresInSeconds: Int) -> [UInt8] {
        var json = self.begin("refreshed", id: id)
        json.field("expiresInSeconds", expiresInSeconds)
        return self.end(json)
    }

    static func presence(id: JSONValue?, topic: String, subscribers: Int) -> [UInt8] {
        var json = self.begin("presence", id: id)
        json.field("topic", topic)
        json.field("subscribers", subscribers)
        return self.end(json)
    }

    static func event(_ event: TopicEvent) -> [UInt8] {
        var json = JSONWriter(capacity: event.data.count + event.topic.utf8.count + 96)
        json.beginObject()
        json.field("type", "event")
        json.field("topic", event.topic)
        json.field("offset", event.offset)
        json.field("time", event.time)
        json.key("data")
        json.raw(event.data)
        return self.end(json)
    }

    static func message(from sender: String, time: String, data: [UInt8]) -> [UInt8] {
        var json = self.begin("message")
        json.field("from", sender)
        json.field("time", time)
        json.key("data")
        json.raw(data)
        return self.end(json)
    }

    static func gap(topic: String, fromOffset: UInt64, toOffset: UInt64) -> [UInt8] {
        var json = self.begin("gap")
        json.field("topic", topic)
        json.field("fromOffset", fromOffset)
        json.field("toOffset", toOffset)
        return self.end(json)
    }

    static func error(id: JSONValue?, code: String, detail: String) -> [UInt8] {
        var json = self.begin("error", id: id)
        json.field("code", code)
        json.field("detail", detail)
        return self.end(json)
    }

    static func closing(code: SocketCloseCode, reason: String, reconnectAfterSeconds: Double?) -> [UInt8] {
        var json = self.begin("closing")
        json.field("code", Int(code.rawValue))
        json.field("reason", reason)
        json.field("reconnectAfterSeconds", reconnectAfterSeconds)
        return self.end(json)
    }

    private static func begin(_ type: String, id: JSONValue? = nil) -> JSONWriter {
        var json = JSONWriter()
        json.beginObject()
        json.field("type", type)
        json.field("id", id)
        return json
    }

    private static func end(_ json: JSONWriter) -> [UInt8] {
        var json = json
        json.endObject()
        return json.bytes
    }
}
