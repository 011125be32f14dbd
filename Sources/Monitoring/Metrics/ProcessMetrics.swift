import Glibc

/// Figures of this process, read from /proc at each scrape.
package enum ProcessMetrics {
    package static let collector: MetricsRegistry.Collector = { ProcessMetrics.collect(into: &$0) }

    private static func collect(into samples: inout MetricSamples) {
        // Fields of /proc/self/stat after the command, which is in parentheses and may hold anything (man 5 proc).
        if let text = Self.read("/proc/self/stat"), let end = text.lastIndex(of: ")") {
            let fields = text[text.index(after: end)...].split(separator: " ")
            let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
            if fields.count > 21, ticks > 0 {
                let cpu = (Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0)
                samples.counter("process_cpu_seconds_total", cpu / ticks)
                samples.gauge("process_threads", Double(fields[17]) ?? 0)
                samples.gauge("process_virtual_memory_bytes", Double(fields[20]) ?? 0)
                samples.gauge("process_resident_memory_bytes", (Double(fields[21]) ?? 0) * Double(getpagesize()))
                if let boot = Self.bootTime, let started = Double(fields[19]) {
                    samples.gauge("process_start_time_seconds", boot + started / ticks)
                }
            }
        }
        if let count = Self.openDescriptors { samples.gauge("process_open_fds", Double(count)) }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            samples.gauge("process_max_fds", Double(limit.rlim_cur))
        }
    }

    /// Seconds since 1970 at which the machine started; does not change.
    private static let bootTime: Double? = {
        guard let text = Self.read("/proc/stat") else { return nil }
        let line = text.split(separator: "\n").first { $0.hasPrefix("btime ") }
        return line.flatMap { Double($0.dropFirst("btime ".count)) }
    }()

    private static var openDescriptors: Int? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        // Less ".", ".." and the descriptor of the directory itself.
        return count - 3
    }

    private static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 * 1024)
        while true {
            let count = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { break }
            content.append(contentsOf: chunk[..<count])
        }
        return String(decoding: content, as: UTF8.self)
    }
}
