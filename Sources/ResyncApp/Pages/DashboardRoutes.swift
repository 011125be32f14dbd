import Crypto
import Dashboard
import InboundHTTP
import NIOHTTP1

/// The operators' page at `/` and its files.
struct DashboardRoutes: Sendable {
    func register(in router: inout Router) {
        let page = Self.answers(for: Dashboard.page)
        router.add(
            .GET,
            "/",
            access: .public,
            .init(
                id: "dashboard",
                summary: "The operators' page.",
                tag: "page",
                responses: [.init(200, "HTML", content: [.init("text/html", schema: Schema.string)])]
            ),
            allowedQuery: nil,
            immediateHandler: page
        )
        let assets = Dictionary(uniqueKeysWithValues: Dashboard.assets.map { ($0.name, Self.answers(for: $0)) })
        router.add(
            .GET,
            "/assets/{name}",
            access: .public,
            .init(
                id: "dashboardAsset",
                summary: "A file of the operators' page.",
                tag: "page",
                parameters: [.init("name", in: .path, "Name of the file.")],
                responses: [.init(200, "The file")]
            ),
            immediateHandler: { request in
                guard let answer = assets[try request.parameters.require("name")] else { throw HTTPProblem.notFound }
                return try answer(request)
            }
        )
    }

    private static func answers(for asset: Dashboard.Asset) -> ImmediateRouteHandler {
        let digest = SHA256.hash(data: asset.bytes).prefix(12).map { String($0, radix: 16) }.joined()
        let tag = "\"\(digest)\""
        var headers: HTTPHeaders = ["etag": tag, "cache-control": "no-cache"]
        if asset.name == Dashboard.page.name {
            headers.add(name: "content-security-policy", value: Dashboard.contentSecurityPolicy)
        }
        let full = HTTPResponse(
            contentType: ContentType(asset.contentType, isCompressible: true),
            headers: headers,
            body: .bytes(asset.bytes)
        )
        let unchanged = HTTPResponse(status: .notModified, headers: headers)
        return { request in
            request.headers[canonicalForm: "if-none-match"].contains { $0 == tag[...] || $0 == "W/\(tag)" }
                ? unchanged : full
        }
    }
}
