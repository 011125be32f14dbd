import Authentication
import Testing

@Suite("Roles")
struct RoleTests {
    @Test(
        arguments: [
            (Role.viewer, [Role.viewer]),
            (.operator, [.operator, .viewer]),
            (.auditor, [.auditor]),
            (.admin, [.admin, .operator, .viewer]),
        ]
    )
    func `a role includes exactly these`(role: Role, included: [Role]) {
        #expect(Role.allCases.filter(role.includes).sorted() == included.sorted())
    }

    @Test func `a set of roles grants what any of them includes`() {
        let roles: Set<Role> = [.viewer, .auditor]

        #expect(Role.allCases.filter(roles.grant).sorted() == [.auditor, .viewer])
    }

    @Test(arguments: ["", "root", "admin,root", "Admin", "admin,,x", " admin"])
    func `text that names anything but roles is refused`(names: String) {
        #expect(Set<Role>(names: names) == nil)
    }

    @Test func `names are read as they are written`() {
        let roles: Set<Role> = [.operator, .auditor]

        #expect(Set<Role>(names: roles.names.joined(separator: ",")) == roles)
    }
}
