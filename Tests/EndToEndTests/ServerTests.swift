import Foundation
import JSON
import TestSupport
import Testing

@Suite("The server and the simulator", .timeLimit(.minutes(5)))
struct ServerTests {
    @Test func `a failed job is rerun with a reason, and the trail has intent and outcome and verifies`() async throws {
        try await Installation.with { installation in
            let exitCode = try await installation.serving { _ in
                let token = try await installation.token()
                let list = try await installation.eventually("/plan/jobs?status=RUNNING&limit=1", token: token) {
                    $0.status == 200
                }
                let job = try #require(list.json["items"]?[0]?["id"]?.string)
                try await installation.simulator.force(job, "ABEND", returnCode: 7)
                let failed = try await installation.eventually("/plan/jobs/\(job)", token: token) {
                    $0.json["status"]?.string == "ERROR"
                }
                #expect(failed.json["returnCode"]?.int == 7)
                #expect(failed.json["allowedActions"]?.array?.contains("rerun") == true)

                let refused = try await installation.call(
                    "POST",
                    "/plan/jobs/\(job)/actions/rerun",
                    ["ticket": "INC1"],
                    token: token
                )
                #expect(refused.status == 400)
                #expect(refused.json["errors"]?[0]?["pointer"]?.string == "/reason")
                let blank = try await installation.call(
                    "POST",
                    "/plan/jobs/\(job)/actions/rerun",
                    ["reason": "  "],
                    token: token
                )
                #expect(blank.json["errors"]?[0]?["pointer"]?.string == "/reason")
                let action: JSONValue = ["reason": "the disk is free again", "ticket": "INC1"]
                let key = ["Idempotency-Key": "once"]
                let accepted = try await installation.call(
                    "POST",
                    "/plan/jobs/\(job)/actions/rerun",
                    action,
                    token: token,
                    headers: key
                )
                #expect(accepted.status == 200)
                let repeated = try await installation.call(
                    "POST",
                    "/plan/jobs/\(job)/actions/rerun",
                    action,
                    token: token,
                    headers: key
                )
                #expect(repeated.text == accepted.text, "the same key acts once")
                try await installation.simulator.advance(seconds: 20)
                _ = try await installation.eventually("/plan/jobs/\(job)", token: token) { $0.json["run"]?.int == 2 }
                try await installation.simulator.force(job, "SUCC")
                _ = try await installation.eventually("/plan/jobs/\(job)", token: token) {
                    $0.json["status"]?.string == "SUCCESSFUL"
                }

                let actionID = try #require(accepted.json["actionId"]?.string)
                let events = try await installation.call(
                    "GET",
                    "/audit/events?actionId=\(actionID)&sort=sequence",
                    token: token
                )
                let phases = events.json["items"]?.array?.map { $0["phase"]?.string }
                #expect(phases == ["intent", "outcome"])
                #expect(events.json["items"]?[0]?["reason"]?.string == "the disk is free again")
                let verified = try await installation.call("POST", "/audit/verify", token: token)
                #expect(verified.json["intact"]?.bool == true)
            }
            #expect(exitCode == 0)
            #expect(try await installation.resync("audit", "verify").exitCode == 0)
        }
    }

    @Test func `while the scheduler is away the last plan is answered and says so`() async throws {
        try await Installation.with { installation in
            try await installation.serving { _ in
                let token = try await installation.token()
                _ = try await installation.eventually("/plan/summary", token: token) { $0.status == 200 }
                let hang: JSONValue = [["id": "away", "effect": "status", "parameters": ["code": 503]]]
                let answer = try await Installation.send("PUT", "\(installation.simulator.admin)/sim/faults", hang)
                #expect(answer.status < 300, "\(answer.text)")

                let stale = try await installation.eventually("/plan/summary", token: token) {
                    $0.json["freshness"]?["stale"]?.bool == true
                }
                #expect(stale.status == 200)
                #expect(stale.json["total"]?.int == 1515)
                #expect(stale.json["freshness"]?["reason"]?.string?.isEmpty == false)

                let action = try await installation.call(
                    "POST",
                    "/plan/jobs/unknown/actions/hold",
                    ["reason": "x"],
                    token: token
                )
                #expect([502, 503].contains(action.status), "\(action.text)")

                _ = try await Installation.send("DELETE", "\(installation.simulator.admin)/sim/faults/away")
                _ = try await installation.eventually("/plan/summary", token: token) {
                    $0.json["freshness"]?["stale"]?.bool == false
                }
            }
        }
    }

    @Test func `an action whose answer was lost is not carried out again for the same idempotency key`() async throws {
        try await Installation.with { installation in
            try await installation.serving { _ in
                let token = try await installation.token()
                let list = try await installation.eventually("/plan/jobs?limit=1", token: token) { $0.status == 200 }
                let job = try #require(list.json["items"]?[0]?["id"]?.string)
                let lose: JSONValue = [
                    [
                        "id": "lost", "effect": "drop", "match": ["path": "/action/hold"],
                        "parameters": ["phase": "headers"],
                    ]
                ]
                let faults = "\(installation.simulator.admin)/sim/faults"
                let set = try await Installation.send("PUT", faults, lose)
                #expect(set.status < 300, "\(set.text)")
                func act() async throws -> Installation.Answer {
                    try await installation.call(
                        "POST",
                        "/plan/jobs/\(job)/actions/hold",
                        ["reason": "not yet"],
                        token: token,
                        headers: ["Idempotency-Key": "lost"]
                    )
                }
                let first = try await act()
                #expect(first.status == 502, "\(first.text)")

                _ = try await Installation.send("DELETE", "\(faults)/lost")
                let second = try await act()
                #expect(second.json["detail"] == first.json["detail"])
                let events = try await installation.call("GET", "/audit/events?action=job.hold", token: token)
                #expect(events.json["items"]?.array?.map { $0["phase"]?.string } == ["outcome", "intent"])
                #expect(events.json["items"]?[0]?["result"]?.string == "unknown")
            }
        }
    }

    @Test func `acknowledged events survive the server being killed`() async throws {
        try await Installation.with { installation in
            let killed = try await installation.serving(stopWith: true) { _ in
                for _ in 0..<3 { _ = try await installation.token() }
            }
            #expect(killed == 137)

            try await installation.serving { _ in
                let token = try await installation.token()
                let events = try await installation.eventually("/audit/events?action=auth.login", token: token) {
                    ($0.json["items"]?.array?.count ?? 0) >= 4
                }
                #expect(events.json["items"]?.array?.count == 4)
            }
            #expect(try await installation.resync("audit", "verify").exitCode == 0)
        }
    }

    @Test func `an account made on the command line may do what its roles allow`() async throws {
        try await Installation.with { installation in
            let password = "correct horse battery"
            let added = try await installation.resync(
                "user",
                "add",
                "olga",
                "--roles",
                "viewer",
                input: "\(password)\n"
            )
            #expect(added.exitCode == 0, "\(added.errors)")
            try await installation.serving { _ in
                let login = try await installation.call(
                    "POST",
                    "/auth/login",
                    ["username": "olga", "password": .string(password)]
                )
                let token = try #require(login.json["accessToken"]?.string)
                _ = try await installation.eventually("/plan/summary", token: token) { $0.status == 200 }
                let action = try await installation.call(
                    "POST",
                    "/plan/jobs/any/actions/hold",
                    ["reason": "x"],
                    token: token
                )
                #expect(action.status == 403)
                #expect(try await installation.call("GET", "/audit/events", token: token).status == 403)
                let guess = try await installation.call(
                    "POST",
                    "/auth/password",
                    ["currentPassword": "a guess", "newPassword": "another horse battery"],
                    token: token
                )
                #expect(guess.status == 401)
                let denied = try await installation.call(
                    "GET",
                    "/audit/events?actor=olga&result=denied",
                    token: try await installation.token()
                )
                let actions = denied.json["items"]?.array?.compactMap { $0["action"]?.string }
                #expect(actions == ["auth.password", "access.denied"])
                #expect(try await installation.call("GET", "/plan/summary").status == 401)
            }
        }
    }

    @Test func `what is served and what is described are the same`() async throws {
        try await Installation.with { installation in
            try await installation.serving { _ in
                let document = try await installation.call("GET", "/openapi.json").json
                let text = String(decoding: document.bytes, as: UTF8.self)
                for schema in document["components"]?["schemas"]?.fields ?? [] {
                    #expect(text.contains("#/components/schemas/\(schema.name)\""), "nobody refers to \(schema.name)")
                }
                let paths = try #require(document["paths"]?.fields)
                #expect(paths.count > 50)
                for path in paths {
                    let methods = Set((path.value.fields ?? []).map { $0.name.uppercased() })
                    let target = path.name.replacing(/\{[^}]*\}/, with: "x")
                    let options = try await Installation.send("OPTIONS", installation.url + target)
                    let allowed = Set(
                        (options.headers["allow"] ?? "").split(separator: ",").map { $0.filter { $0 != " " } }
                    )
                    #expect(allowed.subtracting(["OPTIONS", "HEAD"]) == methods, "\(path.name)")
                }
            }
        }
    }
}
