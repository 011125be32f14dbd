import ArgumentParser
import Glibc

/// A password from the person at the terminal, unseen, or from standard input.
enum Password {
    private static let longest = 1024

    static func read() throws -> String {
        let line = isatty(STDIN_FILENO) == 1 ? self.prompt() : readLine(strippingNewline: true)
        guard let line, !line.isEmpty, line.utf8.count <= self.longest else {
            throw ValidationError("A password of 1 to \(self.longest) bytes was expected on standard input.")
        }
        return line
    }

    private static func prompt() -> String? {
        StandardStream.error.write("Password: ")
        var before = termios()
        guard tcgetattr(STDIN_FILENO, &before) == 0 else { return nil }
        var silent = before
        silent.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
        defer {
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
            StandardStream.error.write("\n")
        }
        return readLine(strippingNewline: true)
    }
}
