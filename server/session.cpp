// See session.h.
#include "server/session.h"

#include "server/dispatcher.h"
#include "server/execution_thread.h"
#include "server/server.h"

namespace usher::server {

Session::Session(SessionHome& session_home, std::shared_ptr<ClientInfo> info) : home(session_home) {
  client.info = std::move(info);
}

Session::~Session() = default;

void Session::Run(engine::TurnExecutor&) {
  ExecutionThread& thread = *ExecutionThread::Current();
  thread.server.dispatcher().RunGranted(*this, thread);
}

void Session::ReturnHome(RunEnd end) {
  returned_.end = end;
  home.PostHome(returned_);
}

void Session::ReportServed() {
  home.PostHome(served_);
}

}  // namespace usher::server
