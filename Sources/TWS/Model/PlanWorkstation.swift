import JSON

/// A workstation as the plan knows it.
package struct PlanWorkstation: Sendable, Hashable {
    package let id: String
    package let name: String
    package let folder: String
    /// AGENT, POOL, D-POOL, REM-ENG, MANAGER, FTA and so on.
    package let type: String
    package let domain: String?
    package let host: String?
    package let os: String?
    package let version: String?
    package let activeStates: [String]
    /// Jobs at once; nil when the engine does not say.
    package let limit: Int?
    package let fence: Int?
    package let ignored: Bool

    init?(_ element: JSONElement) {
        guard let id = element.text("id"), !id.isEmpty else { return nil }
        self.id = id
        self.name = workstationName(element.text("key") ?? element.text("name") ?? "")
        self.folder = element.text("folder") ?? "/"
        self.type = element.text("type") ?? ""
        self.domain = element.text("domainName")
        self.host = element.text("nodeName")
        self.os = element.text("os")
        self.version = element.text("version")
        self.activeStates = element.texts("activeStates").sorted()
        self.limit = element.number("limit")
        self.fence = element.number("fence")
        self.ignored = element.flag("ignore")
    }

    package var isLinked: Bool {
        self.activeStates.contains { ["LINKED", "FULLY_LINKED", "DIRECTLY_LINKED", "HOST_LINKED"].contains($0) }
    }

    package var isRunning: Bool { self.activeStates.contains("RUNNING") }

    package var isMaster: Bool { self.activeStates.contains("MASTER") }

    /// Linked and able to start jobs.
    package var isUsable: Bool { self.isLinked && self.activeStates.contains("JOBMAN_UP") }
}

/// A resource that jobs hold while they run.
package struct PlanResource: Sendable, Hashable {
    package let id: String
    package let name: String
    package let folder: String
    package let workstation: String?
    package let quantity: Int
    package let available: Int?
    package let inUse: Int?
    package let status: String?
    package let description: String?
    package let holders: [Holder]

    package struct Holder: Sendable, Hashable {
        package let jobID: String?
        package let job: String?
        package let streamID: String?
        package let stream: String?
        package let quantity: Int?
    }

    init?(_ element: JSONElement) {
        guard let id = element.text("id"), !id.isEmpty else { return nil }
        self.id = id
        self.name = element.text("name") ?? ""
        self.folder = element.text("folder") ?? "/"
        self.workstation = element.text("workstation").map(workstationName)
        self.quantity = element.number("quantity") ?? 0
        self.available = element.number("quantityAvailable")
        self.inUse = element.number("quantityInUse")
        self.status = element.text("status")
        self.description = element.text("description")
        self.holders =
            element["holders"]?.elements?.map { holder in
                Holder(
                    jobID: holder.text("jobId"),
                    job: holder.text("job"),
                    streamID: holder.text("jobStreamId"),
                    stream: holder.text("jobStream"),
                    quantity: holder.number("quantity")
                )
            } ?? []
    }
}

/// What an engine says about itself.
package struct TWSEngineInfo: Sendable, Hashable {
    package let version: String?
    package let timeZone: String?
    package let licenseType: String?

    init(_ element: JSONElement) {
        self.version = element.text("displayVersion") ?? element.text("fullVersion")
        self.timeZone = element.text("timezone")
        self.licenseType = element.text("licenseType")
    }
}
