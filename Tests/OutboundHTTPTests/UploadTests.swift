import Testing

@testable import OutboundHTTP

@Suite("Upload")
struct UploadTests {
    @Test func `a body that is there is taken in pieces to its end`() {
        var upload = Upload([1, 2, 3])
        #expect(!upload.isHungry)
        #expect(self.take(2, &upload) == [1, 2])
        #expect(self.take(2, &upload) == [3])
        #expect(self.supply(&upload) == .end)
    }

    @Test(arguments: [nil, 4])
    func `a body to be made is waited for`(length: Int?) {
        var upload = Upload(announced: length)
        #expect(upload.isHungry)
        #expect(self.supply(&upload) == .wait)
        let goesOn = [upload.added([1, 2]), upload.added([3])]
        #expect(goesOn == [true, false])
        #expect(!upload.isHungry)
        #expect(self.take(9, &upload) == [1, 2, 3])
        #expect(upload.isHungry)

        let goesOnAgain = upload.added([4])
        #expect(!goesOnAgain)
        #expect(self.take(9, &upload) == [4])
        #expect(self.supply(&upload) == .wait)
        let isAwaited = upload.ended()
        #expect(isAwaited)
        #expect(self.supply(&upload) == .end)
    }

    @Test func `a body shorter than announced is an error`() {
        var upload = Upload(announced: 3)
        _ = upload.added([1, 2])
        #expect(self.take(9, &upload) == [1, 2])
        _ = upload.ended()
        #expect(self.supply(&upload) == .tooShort)
    }

    @Test func `a body has room for what was announced`() {
        var upload = Upload(announced: 3)
        _ = upload.added([1, 2])
        #expect(self.take(9, &upload) == [1, 2])
        #expect(upload.hasRoom(1))
        #expect(!upload.hasRoom(2))
        #expect(Upload(announced: nil).hasRoom(.max))
    }

    private func supply(_ upload: inout Upload) -> Upload.Supply { upload.supply(10) }

    private func take(_ limit: Int, _ upload: inout Upload) -> [UInt8] {
        guard case .bytes(let count) = upload.supply(limit) else { return [] }
        return Array(upload.take(count))
    }
}
