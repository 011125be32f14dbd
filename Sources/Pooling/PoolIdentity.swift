/// What a pool is called and where its connections lead.
struct PoolIdentity: Sendable {
    var name: String
    var kind: String
    var endpoint: String
    var role: String
}
