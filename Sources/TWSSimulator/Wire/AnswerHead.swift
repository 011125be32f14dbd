import NIOHTTP1

extension Exchange {
    /// The head of the answer; without a length the body is chunked.
    func headText(length: Int?, keepsAlive: Bool) -> String {
        let reason = HTTPResponseStatus(statusCode: self.reply.status).reasonPhrase
        var text = "HTTP/1.1 \(self.reply.status) \(reason)\r\n"
        for header in self.reply.headers { text += "\(header.name): \(header.value)\r\n" }
        if !self.date.isEmpty { text += "Date: \(self.date)\r\n" }
        text += length.map { "Content-Length: \($0)\r\n" } ?? "Transfer-Encoding: chunked\r\n"
        text += keepsAlive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n"
        return text
    }
}

/// How much of a body the head announces, how much goes out, and how the connection ends early.
struct SentLength {
    let announced: Int
    let sent: Int
    /// Nil when the answer is complete as far as the client can see.
    let cut: FaultEffect.Drop?

    init(of total: Int, _ exchange: Exchange) {
        if let drop = exchange.drop, drop.phase == .body {
            self.announced = total
            self.sent = drop.extent.length(of: total)
            self.cut = drop
        } else if let truncate = exchange.truncate {
            self.sent = truncate.extent.length(of: total)
            self.announced = truncate.keepContentLength ? total : self.sent
            self.cut = truncate.keepContentLength ? FaultEffect.Drop(phase: .body) : nil
        } else {
            self.announced = total
            self.sent = total
            self.cut = nil
        }
    }
}
