#include "base/worker.hpp"

#include "base/library_thread.hpp"

namespace datawal {

Result<std::unique_ptr<Worker>> Worker::start(std::function<void()> work) {
  std::unique_ptr<Worker> worker(new Worker(std::move(work)));
  Result<std::thread> thread = start_thread([behind = worker.get()] { behind->run(); });
  if (!thread) return propagate(thread);
  worker->thread_ = std::move(*thread);
  return worker;
}

void Worker::stop() {
  if (!thread_.joinable()) return;
  {
    const Locked guard(mutex_);
    is_stopped_ = true;
  }
  wake_.notify_one();
  join(thread_);
}

void Worker::wake() {
  {
    const Locked guard(mutex_);
    is_wanted_ = true;
  }
  wake_.notify_one();
}

bool Worker::is_stopped() const {
  const Locked guard(mutex_);
  return is_stopped_;
}

void Worker::run() {
  for (;;) {
    {
      Lock guard(mutex_);
      while (!is_wanted_ && !is_stopped_) wake_.wait(mutex_);
      if (is_stopped_) return;
      is_wanted_ = false;
    }
    work_();
  }
}

}  // namespace datawal
