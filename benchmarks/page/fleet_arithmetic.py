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

How many messages a second one mosquitto takes, in one thread and with one subscriber, is measured above with a thousand
devices. It is the connections that make a cluster necessary: a million of them, each with a keepalive of 60 s, send
17,000 pings a second and need 10 GB, at about 10 kB each in kernel and broker. Rounded up, so that one node may fail:

| part | number | because |
|---|--:|---|
| broker nodes | 7 | 200,000 connections for each other node when one fails, 30,000 messages a second in the evening |
| memory of a node | 4 GB | 200,000 connections of 10 kB, twice, in case all reconnect at once |
| hubs (`edged hub --part n/m`) | see the hub above | each message of a device reaches exactly one part |
| reconnection after an outage | 120 s | the devices wait a random time up to that: 8,300 reconnect a second |

Events are QoS 1 and wait on the device, so the cluster needs no sessions on disk: if a node dies, its devices reconnect
to another, and nothing is lost. Only the newest states of each device are retained, 5 of 400 bytes: 2 GB for all.

`benchmarks/fleet/rabbitmq.conf` configures a node of such a cluster: RabbitMQ 3.10 from Debian 12, with its MQTT
plugin. If rabbitmq-server is installed, `make bench ONLY=cluster` starts three of them on this machine and connects a
thousand devices. EMQX, VerneMQ and NanoMQ are not packaged by Debian, PyPI or npm; Aedes (npm) clusters through Redis
or MongoDB.
"""
