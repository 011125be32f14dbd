import Concurrency
import InboundHTTP
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix

/// Requests without a socket.
enum RequestFixture {
    static func request(
        _ target: String,
        method: HTTPMethod = .GET,
        headers: HTTPHeaders = ["host": "resync.test"],
        body: String = ""
    ) throws -> HTTPRequest {
        var router = Router()
        for method in [HTTPMethod.GET, .POST] {
            router.add(
                method,
                "/list",
                access: .public,
                .init(id: "test", summary: "", tag: ""),
                allowedQuery: nil
            ) { _ in .noContent }
        }
        let context = RequestContext(
            requestID: "r",
            remoteAddress: "127.0.0.1",
            deadline: .after(.seconds(30)),
            eventLoop: MultiThreadedEventLoopGroup.singleton.next(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        return HTTPRequest(
            method: method,
            target: target,
            headers: headers,
            body: ByteBuffer(string: body),
            context: context,
            router: try router.frozen()
        )
    }
}
