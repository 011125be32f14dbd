import Glibc

/// Standard output for results, standard error for messages to the person at the terminal.
enum StandardStream: Int32 {
    case output = 1
    case error = 2

    /// Unbuffered, so that what was written is out when the process ends with an exit code.
    func write(_ text: String) {
        self.write(bytes: Array(text.utf8))
    }

    func write(bytes: [UInt8]) {
        var bytes = bytes[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { Glibc.write(self.rawValue, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            // A reader that has gone away (`resync settings show | head`) is not an error worth telling.
            guard written > 0 else { return }
            bytes = bytes.dropFirst(written)
        }
    }
}
