#pragma once
// What the client library hands out, and takes back by itself.

#include <nats/nats.h>

#include <memory>

namespace datawal::ship {

template <class Thing, void (*destroy)(Thing*)>
struct Destroy {
  void operator()(Thing* thing) const noexcept { destroy(thing); }
};
using Options = std::unique_ptr<natsOptions, Destroy<natsOptions, natsOptions_Destroy>>;
using Connection = std::unique_ptr<natsConnection, Destroy<natsConnection, natsConnection_Destroy>>;
using Context = std::unique_ptr<jsCtx, Destroy<jsCtx, jsCtx_Destroy>>;
using Msg = std::unique_ptr<natsMsg, Destroy<natsMsg, natsMsg_Destroy>>;
using Info = std::unique_ptr<jsStreamInfo, Destroy<jsStreamInfo, jsStreamInfo_Destroy>>;
using Ack = std::unique_ptr<jsPubAck, Destroy<jsPubAck, jsPubAck_Destroy>>;
using Statistics = std::unique_ptr<natsStatistics, Destroy<natsStatistics, natsStatistics_Destroy>>;

}  // namespace datawal::ship
