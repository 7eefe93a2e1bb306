// See session.h.
#include "server/session.h"

#include "server/blocked_client.h"
#include "server/dispatcher.h"
#include "server/execution_thread.h"
#include "server/server.h"
#include "server/subscriptions.h"
#include "server/transaction.h"

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

void Session::ReportWaitEnd(WaitEnd end) {
  wait_end_.end = end;
  home.PostHome(wait_end_);
}

void Session::EndWait(WaitEnd end) {
  ExecutionThread& thread = *ExecutionThread::Current();
  thread.server.dispatcher().ForgetBlocked(blocked, thread);
  is_prepared = false;
  if (end == WaitEnd::kTimeout && blocked->runs_again()) {
    wait_is_over = true;  // the request is still the next one of the batch
    return;
  }
  if (end == WaitEnd::kTimeout) {
    blocked->WriteTimeout(writer);
  } else {
    writer.Error("UNBLOCKED client unblocked via CLIENT UNBLOCK");
  }
  ++next_request;
}

void Session::ReportServed() {
  home.PostHome(served_);
}

}  // namespace usher::server
