/// The files of the operators' page, compiled into the binary.
package enum Dashboard {
    /// One file with what an HTTP answer needs to know of it.
    package struct Asset: Sendable {
        /// Below `/assets/`; the page itself is `index.html` and served at `/`.
        package let name: String
        package let contentType: String
        package let bytes: [UInt8]
    }

    /// Nothing from elsewhere and nothing inline: a script that gets into the page by mistake is not run.
    package static let contentSecurityPolicy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
        "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
    ].joined(separator: "; ")

    package static let page = Asset(
        name: "index.html",
        contentType: "text/html; charset=utf-8",
        bytes: PackageResources.index_html
    )

    package static let assets: [Asset] = [
        Asset(name: "style.css", contentType: "text/css; charset=utf-8", bytes: PackageResources.style_css),
        Asset(name: "icon.svg", contentType: "image/svg+xml", bytes: PackageResources.icon_svg),
        script("actions.js", PackageResources.actions_js),
        script("app.js", PackageResources.app_js),
        script("audit.js", PackageResources.audit_js),
        script("chart.js", PackageResources.chart_js),
        script("dom.js", PackageResources.dom_js),
        script("format.js", PackageResources.format_js),
        script("freshness.js", PackageResources.freshness_js),
        script("job.js", PackageResources.job_js),
        script("live.js", PackageResources.live_js),
        script("log.js", PackageResources.log_js),
        script("plan.js", PackageResources.plan_js),
        script("pools.js", PackageResources.pools_js),
        script("session.js", PackageResources.session_js),
    ]

    private static func script(_ name: String, _ bytes: [UInt8]) -> Asset {
        Asset(name: name, contentType: "text/javascript; charset=utf-8", bytes: bytes)
    }
}
