import ArgumentParser

/// The exit codes scripts and service managers rely on (the numbers of sysexits.h).
enum ResyncExit {
    static let unavailable = ExitCode(69)
    static let internalError = ExitCode(70)
    static let cannotCreate = ExitCode(73)
    static let noPermission = ExitCode(77)
    static let settings = ExitCode(78)
}
