import Testing

@testable import Settings

@Suite("Setting types")
struct SettingTypeTests {
    @Test(arguments: [
        ("0s", Duration.zero), ("250ms", .milliseconds(250)), ("30s", .seconds(30)), ("1.5s", .milliseconds(1500)),
        ("5m", .seconds(300)), ("24h", .seconds(86_400)), ("2d", .seconds(172_800)),
    ])
    func `durations are read with their unit`(_ text: String, _ expected: Duration) {
        #expect(DurationFormat.parse(text) == expected)
    }

    @Test(arguments: ["", "30", "s", "-1s", "1 s", "1S", "1.2.3s", "1e3s", "١s", "99999999999999999999d", "30sec"])
    func `anything else is no duration`(_ text: String) {
        #expect(DurationFormat.parse(text) == nil)
    }

    @Test(arguments: ["0s", "1ms", "1500ms", "90s", "5m", "25h", "1d"])
    func `a written duration is read as the same`(_ text: String) throws {
        let duration = try #require(DurationFormat.parse(text))

        #expect(DurationFormat.write(duration) == text)
    }

    @Test(arguments: [("1B", 1), ("64KiB", 65_536), ("1MiB", 1_048_576), ("2GiB", 2_147_483_648)])
    func `sizes are read and written with their unit`(_ text: String, _ expected: Int) {
        #expect(SizeFormat.parse(text) == expected)
        #expect(SizeFormat.write(expected) == text)
    }

    @Test(arguments: ["", "64", "64kb", "64KB", "-1KiB", "1.5MiB", "9999999999999GiB"])
    func `anything else is no size`(_ text: String) {
        #expect(SizeFormat.parse(text) == nil)
    }

    @Test
    func `bounds are part of the type`() {
        let type = SettingType.integer(1...10)

        #expect(type.parse(.integer(1)) == 1)
        #expect(type.parse(.integer(10)) == 10)
        #expect(type.parse(.integer(0)) == nil)
        #expect(type.parse(.integer(11)) == nil)
    }

    @Test
    func `the quoting of a file counts, the environment has only text`() {
        #expect(SettingType.integer(1...10).parse(.string("5")) == nil)
        #expect(SettingType.integer(1...10).parse(.variable("5")) == 5)
        #expect(SettingType.bool.parse(.string("true")) == nil)
        #expect(SettingType.bool.parse(.variable("true")) == true)
        #expect(SettingType.text.parse(.integer(5)) == nil)
    }

    @Test(arguments: [("10%", 0.1), ("0%", 0), ("50%", 0.5), ("2.5%", 0.025)])
    func `a percentage is read as a share`(_ text: String, _ expected: Double) {
        #expect(SettingType.percent(0...50).parse(.string(text)) == expected)
    }

    @Test(arguments: ["10", "51%", "-1%", "%", "nan%", "inf%"])
    func `anything else is no percentage`(_ text: String) {
        #expect(SettingType.percent(0...50).parse(.string(text)) == nil)
    }

    @Test
    func `lists come as arrays or separated by commas`() {
        let type = SettingType.list(of: .origin)

        #expect(
            type.parse(.list([.string("https://a.example"), .string("http://b:8000")])) == [
                "https://a.example", "http://b:8000",
            ]
        )
        #expect(type.parse(.variable("https://a.example, http://b:8000")) == ["https://a.example", "http://b:8000"])
        #expect(type.parse(.variable("")) == [])
        #expect(type.parse(.string("https://a.example")) == nil)
        #expect(type.parse(.list([.string("https://a.example"), .string("https://a.example/path")])) == nil)
    }

    @Test(arguments: ["10.0.0.0/8", "127.0.0.1", "::1", "fd00::/8", "0.0.0.0/0"])
    func `addresses and networks are accepted`(_ text: String) {
        #expect(SettingType.network.parse(.string(text)) == text)
    }

    @Test(arguments: ["", "10.0.0.0/33", "10.0.0/8", "host", "::1/129", "10.0.0.0/", "10.0.0.0/8/8", "10.0.0.256"])
    func `anything else is no network`(_ text: String) {
        #expect(SettingType.network.parse(.string(text)) == nil)
    }
}
