import ArgumentParser

@main
struct Resync: AsyncParsableCommand {}
