/// A name and its value in one call; an absent value writes nothing.
extension JSONWriter {
    package mutating func field(_ name: StaticString, _ value: String) {
        self.key(name)
        self.value(value)
    }

    package mutating func field(_ name: StaticString, _ value: Int) {
        self.key(name)
        self.value(value)
    }

    package mutating func field(_ name: StaticString, _ value: UInt64) {
        self.key(name)
        self.value(value)
    }

    package mutating func field(_ name: StaticString, _ value: Bool) {
        self.key(name)
        self.value(value)
    }

    package mutating func field(_ name: StaticString, _ value: Double) {
        self.key(name)
        self.value(value)
    }

    package mutating func field(_ name: StaticString, _ value: JSONValue) {
        self.key(name)
        self.value(value)
    }

    package mutating func field(_ name: StaticString, _ values: [String]) {
        self.key(name)
        self.beginArray()
        for value in values { self.value(value) }
        self.endArray()
    }

    package mutating func field(_ name: StaticString, _ value: String?) {
        if let value { self.field(name, value) }
    }

    package mutating func field(_ name: StaticString, _ value: Int?) {
        if let value { self.field(name, value) }
    }

    package mutating func field(_ name: StaticString, _ value: UInt64?) {
        if let value { self.field(name, value) }
    }

    package mutating func field(_ name: StaticString, _ value: Bool?) {
        if let value { self.field(name, value) }
    }

    package mutating func field(_ name: StaticString, _ value: Double?) {
        if let value { self.field(name, value) }
    }

    package mutating func field(_ name: StaticString, _ value: JSONValue?) {
        if let value { self.field(name, value) }
    }

    /// The instant as text of RFC 3339.
    package mutating func field(_ name: StaticString, epochMilliseconds: Int64?) {
        guard let epochMilliseconds else { return }
        self.key(name)
        self.value(epochMilliseconds: epochMilliseconds)
    }
}
