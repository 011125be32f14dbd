/// The database systems a `DatabaseClient` can stand for.
///
/// The raw value is the name of the engine's folder below `migrations/`.
package enum DatabaseEngine: String, Sendable, Hashable, CaseIterable {
    case sqlite
    case postgres
    case mariadb

    /// Whether a failed or rolled back transaction takes `CREATE TABLE` and its like back with it.
    ///
    /// MariaDB commits implicitly before and after such a statement
    /// (https://mariadb.com/kb/en/sql-statements-that-cause-an-implicit-commit/).
    package var hasTransactionalSchema: Bool { self != .mariadb }

    /// What stands in a statement's text for its `index`-th bound value, counted from 1.
    func placeholder(_ index: Int) -> String {
        switch self {
        case .sqlite, .mariadb: "?"
        case .postgres: "$\(index)"
        }
    }
}
