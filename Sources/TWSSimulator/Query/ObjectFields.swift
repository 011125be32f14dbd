/// A workstation of a view, as queries see it.
struct WorkstationRow: Sendable {
    let view: PlanView
    let place: Int

    var workstation: SimulatedWorkstation { self.view.engine.workstations[self.place] }
    var isMaster: Bool { self.view.engine.master == self.place }

    /// The product's names of what the workstation is doing.
    var activeStates: [String] {
        let workstation = self.workstation
        var states: [String]
        if workstation.isNode {
            states = self.isMaster ? ["MASTER"] : []
            states += ["LINKED", "FULLY_LINKED", "RUNNING", "JOBMAN_UP"]
            if self.isMaster { states.append("EVT_PROC_RUNNING") }
        } else if workstation.kind == .broker {
            states = ["BROKER", "LINKED"]
        } else {
            states = ["LINKED", "FULLY_LINKED", "RUNNING", "ONLINE", "JOBMAN_UP", "WRITER_UP", "IS_INITED"]
        }
        if workstation.stopped { states.removeAll { $0 == "RUNNING" || $0 == "JOBMAN_UP" } }
        if !workstation.linked { states.removeAll { $0 == "LINKED" || $0 == "FULLY_LINKED" } }
        return states
    }

    var activeFlags: [String] {
        self.workstation.isNode || self.workstation.kind == .faultTolerant
            ? ["AUTO_LINK", "FULL_STATUS"] : ["AUTO_LINK"]
    }

    /// The role moves with the master; the kinds of all others are fixed.
    var kind: String { self.isMaster ? "MANAGER" : self.workstation.isNode ? "FTA" : self.workstation.kind.rawValue }

    func matches(_ filter: PlanFilter) -> Bool {
        filter.workstation.matches(folder: "/", name: self.workstation.name)
    }
}

extension OQLFieldTable where Row == WorkstationRow {
    static let workstations = Self(workstationFields, ignoresCase: false)
    static let workstationsIgnoringCase = Self(workstationFields, ignoresCase: true)
}

private let workstationFields: [String: OQLField<WorkstationRow>] = [
    "id": .text { $0.workstation.id.description },
    "name": .text { $0.workstation.name },
    "key.name": OQLField(kind: .text, orderOnly: true) { .one(.text($0.workstation.name)) },
    "folder": .text { _ in "/" },
    "type": .text { $0.kind },
    "domainName": .text { _ in "MASTERDM" },
    "activeStates": .elements(.text) { $0.activeStates.map { .text($0) } },
    "jobmanUp": .bool { $0.activeStates.contains("JOBMAN_UP") },
]

/// A resource of a view, as queries see it: cosmetic, held by the first running jobs that share its number.
struct ResourceRow: Sendable {
    let view: PlanView
    let number: Int
    let holders: [Int]

    init(_ view: PlanView, _ number: Int) {
        self.view = view
        self.number = number
        let candidates = view.engine.running.filter { $0 % PlanParameters.resources.count == number }
        self.holders = Array(candidates.sorted().prefix(PlanParameters.resourceQuantity))
    }

    var name: String { PlanParameters.resources[self.number] }
    var id: EntityID { self.view.engine.parameters.id("res|\(self.number)") }
    var inUse: Int { self.holders.count }
    var available: Int { PlanParameters.resourceQuantity - self.inUse }
    var status: String { self.available > 0 ? "AVAILABLE" : "NOT_AVAILABLE" }

    func matches(_ filter: PlanFilter) -> Bool {
        filter.object.matches(folder: "/", name: self.name)
            && filter.workstation.matches(folder: "/", name: self.view.engine.workstations[0].name)
    }
}

extension OQLFieldTable where Row == ResourceRow {
    static let resources = Self(resourceFields, ignoresCase: false)
    static let resourcesIgnoringCase = Self(resourceFields, ignoresCase: true)
}

private let resourceFields: [String: OQLField<ResourceRow>] = [
    "id": .text { $0.id.description },
    "name": .text { $0.name },
    "key.name": OQLField(kind: .text, orderOnly: true) { .one(.text($0.name)) },
    "folder": .text { _ in "/" },
    "workstation": .text { $0.view.workstationPath(0) },
    "workstationFolder": .text { _ in "/" },
    "quantity": .number { _ in PlanParameters.resourceQuantity },
    "quantityInUse": .number { $0.inUse },
    "quantityAvailable": .number { $0.available },
    "status": .text { $0.status },
]
