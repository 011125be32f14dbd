/// A text that never appears in a description, a log or an interpolation.
package struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let text: String

    package init(_ text: String) {
        self.text = text
    }

    /// The text itself: for the one call that needs it.
    package var revealed: String { self.text }

    package var description: String { "(secret)" }

    package var debugDescription: String { self.description }

    /// Without it `dump` and `String(reflecting:)` of an enclosing value would show the text.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
