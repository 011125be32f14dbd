import Foundation
import JSON
import TestSupport

/// A real Chromium, driven through chromedriver by the W3C WebDriver protocol.
struct Browser: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let base: String
    private let session: String

    /// Opens a window on a running chromedriver; `close` ends it.
    static func open(driverPort: Int, width: Int = 1280, height: Int = 900, dark: Bool = false) async throws -> Browser
    {
        let base = "http://127.0.0.1:\(driverPort)"
        var arguments: [JSONValue] = [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
            .string("--window-size=\(width),\(height)"),
        ]
        if dark { arguments.append("--force-dark-mode") }
        let capabilities: JSONValue = [
            "capabilities": [
                "alwaysMatch": [
                    "browserName": "chrome",
                    "goog:chromeOptions": ["args": .array(arguments)],
                    "goog:loggingPrefs": ["browser": "ALL"],
                ]
            ]
        ]
        let answer = try await Self.call(base, "POST", "/session", capabilities)
        guard let session = answer["sessionId"]?.string else { throw Failure(description: "no session: \(answer)") }
        return Browser(base: base, session: session)
    }

    func close() async throws {
        _ = try await self.command("DELETE", "")
    }

    func go(to url: String) async throws {
        _ = try await self.command("POST", "/url", ["url": .string(url)])
    }

    func reload() async throws {
        _ = try await self.command("POST", "/refresh", [:])
    }

    /// Runs a function body in the page; `arguments` are its `arguments`.
    @discardableResult
    func run(_ script: String, _ arguments: [JSONValue] = []) async throws -> JSONValue {
        try await self.command("POST", "/execute/sync", ["script": .string(script), "args": .array(arguments)])
    }

    /// Runs the script until it gives something else than null or false; fails with `what` after the time.
    @discardableResult
    func wait(
        for what: String,
        seconds: Double = 60,
        _ script: String,
        _ arguments: [JSONValue] = []
    ) async throws
        -> JSONValue
    {
        // The page waits, event by event of its own clock; the test does not sleep.
        let waiting = """
            const done = arguments[arguments.length - 1];
            const end = Date.now() + arguments[0];
            const probe = (...args) => { \(script) };
            const given = Array.from(arguments).slice(1, -1);
            const step = () => {
              let value = null;
              try { value = probe(...given); } catch (error) { value = null; }
              if (value !== null && value !== undefined && value !== false) done(value);
              else if (Date.now() > end) done(null);
              else setTimeout(step, 50);
            };
            step();
            """
        _ = try await self.command("POST", "/timeouts", ["script": .integer(Int64((seconds + 10) * 1000))])
        let value = try await self.command(
            "POST",
            "/execute/async",
            ["script": .string(waiting), "args": .array([.integer(Int64(seconds * 1000))] + arguments)]
        )
        if value.isNull {
            let text = try await self.run("return document.body.innerText.slice(0, 1500)").string ?? ""
            throw Failure(description: "\(what) did not happen in \(seconds) s; the page says: \(text)")
        }
        return value
    }

    /// Types into the element as a keyboard does.
    func type(_ text: String, into selector: String) async throws {
        let element = try await self.element(selector)
        _ = try await self.command("POST", "/element/\(element)/value", ["text": .string(text)])
    }

    func click(_ selector: String) async throws {
        let element = try await self.element(selector)
        _ = try await self.command("POST", "/element/\(element)/click", [:])
    }

    /// A PNG of the window.
    func screenshot(to path: String) async throws {
        guard let text = try await self.command("GET", "/screenshot").string, let png = Data(base64Encoded: text) else {
            throw Failure(description: "no screenshot")
        }
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent,
            withIntermediateDirectories: true
        )
        try png.write(to: URL(fileURLWithPath: path))
    }

    /// What the page wrote to its console: violations of the content security policy, errors.
    func consoleErrors() async throws -> [String] {
        let log = try await self.command("POST", "/se/log", ["type": "browser"])
        return (log.array ?? []).filter { $0["level"]?.string == "SEVERE" }.compactMap { $0["message"]?.string }
    }

    private func element(_ selector: String) async throws -> String {
        try await self.wait(
            for: "element \(selector)",
            "return document.querySelector(args[0]) !== null",
            [.string(selector)]
        )
        let found = try await self.command("POST", "/element", ["using": "css selector", "value": .string(selector)])
        guard let id = found.fields?.first?.value.string else { throw Failure(description: "no element \(selector)") }
        return id
    }

    private func command(_ method: String, _ path: String, _ body: JSONValue? = nil) async throws -> JSONValue {
        try await Self.call(self.base, method, "/session/\(self.session)\(path)", body)
    }

    /// By curl: Foundation's client does not accept the driver's way of writing header fields.
    private static func call(
        _ base: String,
        _ method: String,
        _ path: String,
        _ body: JSONValue?
    ) async throws -> JSONValue {
        var arguments = ["--silent", "--show-error", "--max-time", "180", "--request", method]
        if body != nil { arguments += ["--header", "Content-Type: application/json", "--data-binary", "@-"] }
        let curl = Program(path: "/usr/bin/curl", arguments: arguments + [base + path])
        let result = try await curl.run(input: body.map { String(decoding: $0.bytes, as: UTF8.self) } ?? "")
        guard result.exitCode == 0 else { throw Failure(description: "\(method) \(path): \(result.errors)") }
        let value = try JSONValue(parsing: Array(result.output.utf8))["value"] ?? .null
        if let error = value["error"]?.string {
            throw Failure(description: "\(method) \(path): \(error): \(value["message"]?.string ?? "")")
        }
        return value
    }
}
