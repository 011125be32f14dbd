import JSON
import Testing

@testable import TWS

@Suite struct `Answers that are no success` {
    private func error(_ status: Int, _ body: String, retryAfter: String? = nil) -> TWSError {
        TWSErrorBody.error(status: status, body: Array(body.utf8), retryAfter: retryAfter, operation: "test")
    }

    @Test(arguments: [
        (
            #"{"messages":["AWSJDB101E The object \"jb=x\" was not found."]}"#,
            "AWSJDB101E The object \"jb=x\" was not found."
        ),
        (#"{"messages":["AWSJDB101E one","two"]}"#, "AWSJDB101E one two"),
        (#"{"message":"AWSJDB101E text"}"#, "AWSJDB101E text"),
        (#"{"error":"AWSJDB101E text"}"#, "AWSJDB101E text"),
        (#"{"error":{"message":"AWSJDB101E text"}}"#, "AWSJDB101E text"),
        (#""AWSJDB101E text""#, "AWSJDB101E text"), ("AWSJDB101E\n  text", "AWSJDB101E text"),
        ("<html><body><h1>Error</h1>AWSJDB101E&nbsp;text</body></html>", "Error AWSJDB101E&nbsp;text"),
    ])
    func `the explanation is found in every shape of body`(body: String, text: String) {
        let error = self.error(404, body)
        #expect(error.message == "test: \(text)")
        #expect(error.messageID == "AWSJDB101E")
        #expect(error.code == .notFound)
        #expect(error.httpStatus == 404)
    }

    @Test(arguments: [
        "", "{}", "{\"messages\":[]}", "{\"messages\":[1,null]}", "[]", "null", "<html></html>", "{broken",
    ])
    func `a body that explains nothing is no trap`(body: String) {
        let error = self.error(500, body)
        #expect(error.messageID == nil)
        #expect(error.message.hasPrefix("test: "))
    }

    @Test func `a body of bytes that are no text is understood as far as it goes`() {
        let error = TWSErrorBody.error(status: 500, body: [0xFF, 0xFE, 0x00, 0x41], retryAfter: nil, operation: "test")
        #expect(error.message.contains("A"))
        let long = self.error(500, String(repeating: "word ", count: 100_000))
        #expect(long.message.utf8.count < 600)
    }

    @Test(arguments: [
        (400, TWSError.Code.rejected, false), (401, .unauthenticated, false), (403, .forbidden, false),
        (404, .notFound, false), (405, .rejected, false), (409, .conflict, false), (415, .rejected, false),
        (429, .overloaded, false), (500, .failed, true), (502, .failed, true), (503, .overloaded, false),
        (504, .failed, true), (302, .malformedAnswer, false),
    ])
    func `the status decides what the error is and whether the call may have been executed`(
        status: Int,
        code: TWSError.Code,
        mayHaveBeenExecuted: Bool
    ) {
        let error = self.error(status, "")
        #expect(error.code == code)
        #expect(error.mayHaveBeenExecuted == mayHaveBeenExecuted)
    }

    @Test(arguments: [("7", Duration.seconds(7)), ("0", .zero), ("999999", .seconds(3600)), ("-5", .zero)])
    func `advice to wait is bounded`(header: String, expected: Duration) {
        #expect(self.error(503, "", retryAfter: header).retryAfter == expected)
        #expect(self.error(503, "", retryAfter: "Thu, 15 Jan 2026 05:52:00 GMT").retryAfter == nil)
    }

    @Test(
        arguments: [
            ("AWSJDB101E", "AWSJDB101E"), ("see (AWSBEH021W): x", "AWSBEH021W"), ("AWSJDB101", nil),
            ("AWSjdb101E", nil),
            ("XAWSJDB101E", nil), ("AWSJDB101X", nil), ("AWSJDB101EE", nil),
        ] as [(String, String?)]
    )
    func `a message number is three letters, three digits and a severity`(text: String, expected: String?) {
        #expect(TWSErrorBody.messageID(in: text) == expected)
    }
}

@Suite struct `Receipts of actions` {
    private func receipt(_ body: String) throws -> TWSReceipt {
        try TWSReceipt(JSONDocument(parsing: Array(body.utf8)).root, operation: "hold job")
    }

    @Test(arguments: [
        (#"{"id":"7","url":"https://m/7"}"#, "7"), (#"{"results":[{"id":"8"},{"id":"9"}]}"#, "8"),
        (#"{"id":"7","error":false,"isError":false}"#, "7"), ("{}", nil), ("[]", nil), ("null", nil),
    ])
    func `the object acted upon is named when the engine names it`(body: String, id: String?) throws {
        #expect(try self.receipt(body).id == id)
    }

    @Test(arguments: [
        #"{"id":"7","isError":true,"message":"AWSJDB201E locked"}"#,
        #"{"id":"7","error":true,"message":"AWSJDB201E locked"}"#,
        #"{"results":[{"id":"7","isError":"true","message":"AWSJDB201E locked"}]}"#,
    ])
    func `a refusal that comes with a good status is a refusal`(body: String) throws {
        let error = #expect(throws: TWSError.self) { try self.receipt(body) }
        #expect(error?.code == .rejected)
        #expect(error?.messageID == "AWSJDB201E")
        #expect(error?.message == "hold job: AWSJDB201E locked")
        #expect(error?.mayHaveBeenExecuted == false)
    }

    @Test func `an answer that is empty or no JSON is a receipt all the same`() throws {
        #expect(try TWSReceipt(nil, operation: "hold job").id == nil)
    }
}

@Suite struct `Durations and dates` {
    @Test(arguments: [
        ("\"PT1H24M30S\"", 5070), ("\"PT8M\"", 480), ("\"PT4H20S\"", 14_420), ("\"P1DT2H\"", 93_600),
        ("\"P1W\"", 604_800),
        ("\"PT0.5S\"", 0.5), ("\"PT0S\"", 0), ("5070000", 5070), ("\"5070000\"", 5070), ("1500.5", 1.5005),
    ])
    func `durations are text of ISO 8601 or milliseconds`(json: String, seconds: Double) throws {
        let root = try JSONDocument(parsing: Array(json.utf8)).root
        #expect(PlanDuration.seconds(root) == seconds)
    }

    @Test(arguments: [
        "\"\"", "\"P\"", "\"PT\"", "\"P1Y\"", "\"P1M\"", "\"PT1D\"", "\"PT5\"", "\"PTS\"", "\"1H\"", "\"PT1HT1M\"",
        "null",
        "true", "\"-PT1H\"", "-5", "\"PT1..5S\"", "1e300",
    ])
    func `anything else is no duration`(json: String) throws {
        let root = try JSONDocument(parsing: Array(json.utf8)).root
        #expect(PlanDuration.seconds(root) == nil)
    }

    @Test func `the engine's time is its last Date header and the time since`() {
        let start = ContinuousClock.now
        let elapsed = ManualTime(start)
        let clock = EngineClock(wallClock: { 42 }, now: { elapsed.now })
        #expect(clock.milliseconds == 42)
        clock.observe(dateHeader: "Thu, 15 Jan 2026 05:52:00 GMT")
        elapsed.advance(by: .milliseconds(1500))
        #expect(clock.milliseconds == 1_768_456_321_500)
        for bad in ["", "yesterday", "Thu, 15 Xxx 2026 05:52:00 GMT", "Thu, 15 Jan 2026 05:52:00 CET", "15 Jan 2026"] {
            clock.observe(dateHeader: bad)
        }
        clock.observe(dateHeader: nil)
        #expect(clock.milliseconds == 1_768_456_321_500)
    }
}
