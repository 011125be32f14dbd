import ArgumentParser

@main
struct TWSSimulatorCommand: AsyncParsableCommand {}
