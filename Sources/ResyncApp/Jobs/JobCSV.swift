import InboundHTTP
import JSON
import NIOCore

/// Jobs as comma-separated values (RFC 4180), streamed, whatever their number.
enum JobCSV {
    private static let header =
        "id,name,stream,workstation,folder,engine,status,internalStatus,returnCode,run,priority,scheduledAt,startedAt,"
        + "endedAt,elapsedSeconds,critical,late\r\n"
    private static let rowsPerWrite = 500

    static func response(_ rows: [JobRow]) -> HTTPResponse {
        HTTPResponse(
            contentType: .csv,
            headers: ["content-disposition": #"attachment; filename="jobs.csv""#],
            body: .stream { writer in
                try await writer.write(self.header)
                for start in stride(from: 0, to: rows.count, by: self.rowsPerWrite) {
                    let piece = rows[start..<min(start + self.rowsPerWrite, rows.count)].map(self.line).joined()
                    try await writer.write(piece)
                }
            }
        )
    }

    static func line(_ row: JobRow) -> String {
        let job = row.job
        let fields: [String] = [
            row.id, job.name, job.stream, job.workstation, job.folder, row.engine, job.status, job.internalStatus,
            job.returnCode.map(String.init) ?? "", String(job.run), String(job.priority), self.time(job.scheduledAt),
            self.time(job.startedAt), self.time(job.endedAt),
            job.elapsedSeconds(at: row.now).map { String(Int($0)) } ?? "", String(job.critical),
            String(job.isLate(at: row.now)),
        ]
        return fields.map(self.quoted).joined(separator: ",") + "\r\n"
    }

    private static func time(_ milliseconds: Int64?) -> String {
        milliseconds.map { RFC3339.string(epochMilliseconds: $0) } ?? ""
    }

    /// Quoted where needed; a value a spreadsheet would take for a formula gets an apostrophe.
    static func quoted(_ field: String) -> String {
        let isFormula = field.first.map { "=+@\t\r".contains($0) || ($0 == "-" && Double(field) == nil) } ?? false
        let text = isFormula ? "'\(field)" : field
        guard text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return text }
        return "\"\(text.replacing("\"", with: "\"\""))\""
    }
}
