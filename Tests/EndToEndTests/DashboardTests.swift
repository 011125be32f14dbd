import Foundation
import JSON
import TestSupport
import Testing

/// The page in a real Chromium.
///
/// Screenshots are written to `.build/screenshots` of the package.
@Suite("Dashboard", .timeLimit(.minutes(10)))
struct DashboardTests {
    private static func withBrowser(
        width: Int = 1280,
        height: Int = 900,
        dark: Bool = false,
        _ body: @Sendable (Browser) async throws -> Void
    ) async throws {
        let port = try FreePort.choose()
        let driver = Program(path: "/usr/bin/chromedriver", arguments: ["--port=\(port)"])
        _ = try await driver.whileRunning { running in
            _ = try await running.output.line(containing: "started successfully")
            let browser = try await Browser.open(driverPort: port, width: width, height: height, dark: dark)
            do {
                try await body(browser)
            } catch {
                try await browser.screenshot(to: Self.screenshot("failure"))
                try await browser.close()
                throw error
            }
            try await browser.close()
        }
    }

    private static func screenshot(_ name: String) -> String { "\(packageRoot).build/screenshots/\(name).png" }

    private static func signIn(_ browser: Browser, _ installation: Installation) async throws {
        let login = try installation.developer()
        try await browser.go(to: installation.url)
        try await browser.wait(for: "the login", "return document.getElementById('login').open")
        try await browser.type(login.name, into: "[name=username]")
        try await browser.type(login.password, into: "[name=password]")
        try await browser.click("#login-form button")
        try await browser.wait(for: "the plan", "return document.querySelectorAll('tbody tr').length > 0")
        try await browser.wait(for: "live", "return document.getElementById('connection').dataset.state === 'live'")
    }

    /// The violations of the content security policy and other errors; a page without session asks for one in vain.
    private static func errors(_ browser: Browser) async throws -> [String] {
        try await browser.consoleErrors().filter { !$0.contains("/auth/refresh") }
    }

    @Test func `an operator sees a job fail live, reruns it, and finds it in the audit trail`() async throws {
        try await Installation.with { installation in
            try await installation.serving { _ in
                try await Self.withBrowser { browser in
                    try await Self.signIn(browser, installation)
                    try await browser.run("window.neverReloaded = true")
                    let found = try await browser.wait(
                        for: "a running job",
                        "return document.querySelector('tr:has([data-status=RUNNING])')?.dataset.id"
                    )
                    let job = try #require(found.string)
                    try await browser.screenshot(to: Self.screenshot("plan"))

                    try await installation.simulator.force(job, "ABEND", returnCode: 7)
                    try await browser.wait(
                        for: "the failure in the list",
                        "return document.querySelector(`tr[data-id=\"${args[0]}\"] [data-status=ERROR]`) !== null",
                        [.string(job)]
                    )
                    #expect(try await browser.run("return window.neverReloaded") == true)

                    try await browser.run(
                        "document.querySelector(`tr[data-id=\"${arguments[0]}\"] a`).click()",
                        [.string(job)]
                    )
                    try await browser.click("[data-action=rerun]")
                    try await browser.type("the disk is free again", into: "#action-form [name=reason]")
                    try await browser.screenshot(to: Self.screenshot("action"))
                    try await browser.click("#action-submit")
                    try await browser.wait(
                        for: "acceptance",
                        "return document.querySelector('.notice')?.innerText.includes('accepted')"
                    )
                    try await installation.simulator.advance(seconds: 20)
                    try await browser.wait(
                        for: "the second run",
                        "return document.querySelectorAll('#panel tbody tr').length === 2"
                    )
                    try await installation.simulator.force(job, "SUCC")
                    try await browser.wait(
                        for: "success",
                        "return document.querySelector('h1 [data-status=SUCCESSFUL]') !== null"
                    )
                    try await browser.screenshot(to: Self.screenshot("job"))

                    try await browser.run("location.hash = '#/audit'")
                    try await browser.wait(
                        for: "intent and outcome",
                        """
                        const rows = [...document.querySelectorAll('tbody tr')].map((row) => row.innerText);
                        return rows.some((row) => row.includes('intent') && row.includes('the disk is free again'))
                            && rows.some((row) => row.includes('outcome') && row.includes('succeeded'));
                        """
                    )
                    try await browser.click(".tools button")
                    try await browser.wait(
                        for: "verification",
                        "return document.querySelector('.verification').dataset.intact === 'true'"
                    )
                    try await browser.screenshot(to: Self.screenshot("audit"))
                    try await browser.run("location.hash = '#/pools'")
                    try await browser.wait(
                        for: "charts",
                        "return document.querySelectorAll('.chart polyline').length >= 9"
                    )
                    try await browser.screenshot(to: Self.screenshot("pools"))
                    #expect(try await Self.errors(browser).isEmpty)
                }
            }
        }
    }

    @Test func `the page comes back by itself when the server is restarted, and shows what happened meanwhile`()
        async throws
    {
        try await Installation.with { installation in
            try await Self.withBrowser(width: 400, height: 850, dark: true) { browser in
                try await installation.serving { _ in
                    try await Self.signIn(browser, installation)
                    try await browser.screenshot(to: Self.screenshot("phone-dark"))
                }
                try await browser.wait(
                    for: "the loss to be shown",
                    "return document.getElementById('connection').dataset.state !== 'live'"
                )
                try await installation.serving { _ in
                    try await browser.wait(
                        for: "the connection",
                        "return document.getElementById('connection').dataset.state === 'live'"
                    )
                    let found = try await browser.wait(
                        for: "a running job",
                        "return document.querySelector('tr:has([data-status=RUNNING])')?.dataset.id"
                    )
                    let job = try #require(found.string)
                    try await installation.simulator.force(job, "ABEND", returnCode: 1)
                    try await browser.wait(
                        for: "the failure in the list",
                        "return document.querySelector(`tr[data-id=\"${args[0]}\"] [data-status=ERROR]`) !== null",
                        [.string(job)]
                    )
                    let overflow = try await browser.run(
                        "return document.documentElement.scrollWidth > document.documentElement.clientWidth"
                    )
                    #expect(overflow == false, "a phone's page does not scroll sideways")
                }
            }
        }
    }
}
