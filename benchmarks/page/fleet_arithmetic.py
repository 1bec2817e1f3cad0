"""The text of the page about a fleet of a million: arithmetic, and what it starts from."""

ARITHMETIC = """\
## A million devices, on paper

A device in a home sends little: a state when it changes, at most two a second while somebody speaks, an event at the
start and the end of an episode, and health once a minute. With speech in a tenth of the time, an episode of 10 s, and
a change of state every 5 s of it, that is

- 0.1 x (1/5 + 2/10) + 1/60 = 0.057 messages a second for a device,
- 57,000 messages a second of a million devices, of about 350 bytes with topic and headers: 20 MB/s in, and as much out
  for each subscriber to all of them;
- in the evening, with four times as much speech, 180,000 messages a second.

One mosquitto here takes the messages a second that stand above for a thousand devices, in one thread and with one
subscriber. It is the connections that make a cluster necessary: a million of them, each with a keepalive of 60 s,
are 17,000 pings a second, and with about 10 kB each in kernel and broker 10 GB. Rounded up for a node that fails:

| part | number | because |
|---|--:|---|
| broker nodes | 7 | 200,000 connections a node when one is gone, 30,000 messages a second in the evening |
| memory of a node | 4 GB | 200,000 connections of 10 kB, twice, for a reconnection of all |
| hubs (`edged hub --part n/m`) | by the hub's row above | a message a device reaches exactly one part |
| reconnection after an outage | 120 s | the devices wait up to that long, spread by chance: 8,300 a second |

Events are QoS 1 and wait on the device, so the cluster needs no sessions on disk: a node that dies costs its devices a
reconnection, and nothing else. Retained states are the newest of each device, 5 of 400 bytes: 2 GB for all.

`benchmarks/fleet/rabbitmq.conf` is the configuration of a node of such a cluster, RabbitMQ 3.10 as Debian 12 has it,
with its MQTT plugin; `make bench ONLY=cluster` starts three of them on this machine and connects a thousand devices,
where rabbitmq-server is installed. EMQX, VerneMQ and NanoMQ are not packaged by Debian, PyPI or npm; Aedes (npm)
clusters through Redis or MongoDB.
"""
