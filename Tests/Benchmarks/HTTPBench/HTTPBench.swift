import Foundation

/// Measures the HTTP server against others, all in one run on one machine: `http-bench` measures, `http-bench serve PORT`
/// is the server measured.
@main
enum HTTPBench {
    static func main() async throws {
        let arguments = CommandLine.arguments
        if arguments.count == 3, arguments[1] == "serve", let port = Int(arguments[2]) {
            return try await BenchServer.run(port: port)
        }
        let comparison = try Comparison(programs: URL(filePath: arguments[0]).deletingLastPathComponent())
        let rows = try comparison.measure()
        try Results.merge(rows, group: "http.", into: ".build/bench/results.json")
        print(Comparison.conditions)
        print(Results.table(rows))
    }
}
