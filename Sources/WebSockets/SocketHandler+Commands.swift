import JSON
import NIOCore

// What a client asks by text frames; on the connection's event loop, like everything of it.
extension SocketHandler {
    func handle(_ text: ByteBuffer) {
        do throws(ClientFrame.Problem) {
            let (frame, id) = try ClientFrame.parse(text)
            switch frame {
            case .subscribe(let topics, let since): self.subscribe(to: topics, since: since, id: id)
            case .unsubscribe(let topics): self.unsubscribe(from: topics, id: id)
            case .ping: self.send(ServerFrame.pong(id: id, serverTime: self.manager.timestamp()))
            case .refresh(let token): self.refresh(with: token, id: id)
            case .presence(let topic): self.presence(of: topic, id: id)
            }
        } catch {
            self.send(ServerFrame.error(id: error.id, code: "invalid-request", detail: error.detail))
        }
    }

    private func subscribe(to topics: [String], since: [String: TopicPosition], id: JSONValue?) {
        let added = topics.filter { self.subscriptions[$0] == nil }
        guard self.subscriptions.count + added.count <= self.settings.maximumTopicsPerConnection else {
            let limit = self.settings.maximumTopicsPerConnection
            return self.send(ServerFrame.error(id: id, code: "conflict", detail: "More than \(limit) topics."))
        }
        for topic in topics {
            switch self.manager.topicAccess(topic, self.user) {
            case .allowed: continue
            case .forbidden:
                return self.send(
                    ServerFrame.error(id: id, code: "forbidden", detail: "Topic \(topic) needs another role.")
                )
            case .unknown:
                return self.send(ServerFrame.error(id: id, code: "not-found", detail: "There is no topic \(topic)."))
            }
        }
        for topic in topics where self.subscriptions[topic] != nil { self.leave(topic) }
        let results = self.manager.subscribe(to: topics, since: since, eventLoop: self.hub.index)
        for (topic, result) in results {
            let index = self.hub.subscribe(self, to: topic)
            self.subscriptions[topic] = Subscription(index: index, lastOffset: result.position.offset)
        }
        self.send(ServerFrame.subscribed(id: id, topics: results))
        for (topic, result) in results { self.resume(topic, with: result.missed) }
    }

    private func unsubscribe(from topics: [String], id: JSONValue?) {
        for topic in topics { self.leave(topic) }
        self.send(ServerFrame.unsubscribed(id: id, topics: topics))
    }

    func leave(_ topic: String) {
        guard let subscription = self.subscriptions.removeValue(forKey: topic) else { return }
        self.hub.unsubscribe(self, from: topic, index: subscription.index)
        self.manager.unsubscribe(from: topic, eventLoop: self.hub.index)
        self.queue.forgetMissed(of: topic)
    }

    private func refresh(with token: String, id: JSONValue?) {
        guard let context else { return }
        let authenticate = self.manager.authenticate
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.eventLoop.makeFutureWithTask { await authenticate(token) }.whenComplete { result in
            bound.value.refreshed(try? result.get(), id: id)  // the task does not throw
        }
    }

    private func refreshed(_ renewed: SocketUser??, id: JSONValue?) {
        guard case .open = self.phase else { return }
        guard let renewed = renewed ?? nil, renewed.name == self.user.name else {
            self.send(ServerFrame.error(id: id, code: "unauthenticated", detail: "The access token is not valid here."))
            return self.flush()
        }
        self.user = renewed
        self.liveness.credentialsRenewed(expiresAt: renewed.expiresAt)
        for topic in self.subscriptions.keys where self.manager.topicAccess(topic, renewed) != .allowed {
            self.leave(topic)
        }
        let seconds = ContinuousClock.now.duration(to: renewed.expiresAt).components.seconds
        self.send(ServerFrame.refreshed(id: id, expiresInSeconds: Int(max(0, seconds))))
        self.flush()
    }

    private func presence(of topic: String, id: JSONValue?) {
        guard self.manager.topicAccess(topic, self.user) == .allowed else {
            return self.send(ServerFrame.error(id: id, code: "forbidden", detail: "Topic \(topic) is not open to you."))
        }
        let count = self.manager.subscriberCount(of: topic)
        self.send(ServerFrame.presence(id: id, topic: topic, subscribers: count))
    }
}
