"""The keys of zoo.cfg: which have a variable of their own, which exist, and how ZK_CFG_* names any of them.

ZooKeeper takes a key it does not know for a system property and says nothing, in every version: that is how
``autopurge.purgeInteval`` filled disks for years. So near misses are worth a line.

Source of the list: the administrator's guides of 3.4 to 3.9, ``QuorumPeerConfig.parseProperties`` and the system
properties ``zookeeper.*`` that the server's classes read.
"""

from collections.abc import Mapping

from zkboot.pod.environ import FILE_SUFFIX, EnvReader, is_trimmed
from zkboot.pod.secret import PARTS

PREFIX = "ZK_CFG_"

KNOWN_KEYS = frozenset(
    """
    clientPort dataDir dataLogDir tickTime initLimit syncLimit maxClientCnxns minSessionTimeout
    maxSessionTimeout autopurge.snapRetainCount autopurge.purgeInterval
    4lw.commands.whitelist admin.commandURL admin.enableServer admin.forceHttps admin.httpVersion
    admin.idleTimeout admin.needClientAuth admin.portUnification admin.rateLimiterIntervalInMS
    admin.restore.enabled admin.serverAddress admin.serverPort admin.snapshot.enabled allowSaslFailedClients
    audit.enable audit.impl.class bitHashCacheSize client.certReload client.portUnification clientPortAddress
    clientPortListenBacklog clientTcpKeepAlive closeSessionTxn.enabled cnxTimeout commitLogCount
    commitProcessor.maxCommitBatchSize commitProcessor.maxReadBatchSize commitProcessor.numWorkerThreads
    commitProcessor.shutdownTimeout connection_throttle_decrease_ratio connection_throttle_drop_decrease
    connection_throttle_drop_increase connection_throttle_fill_count connection_throttle_fill_time
    connection_throttle_freeze_time connection_throttle_global_session_weight
    connection_throttle_local_session_weight connection_throttle_renew_session_weight connection_throttle_tokens
    connection_throttle_weight_enabled connectToLearnerMasterLimit datadir.autocreate db.autocreate
    digest.enabled DigestAuthenticationProvider.digestAlg DigestAuthenticationProvider.enabled
    DigestAuthenticationProvider.superDigest electionAlg electionPortBindRetry emulate353TTLNodes
    enableEagerACLCheck enforce.auth.enabled enforce.auth.schemes enforceQuota ensembleAuthName
    extendedTypesEnabled fastleader.maxNotificationInterval fastleader.minNotificationInterval fips-mode
    flushDelay follower.skipLearnerRequestToNextProcessor forceSnapshotSync forceSync
    forward_learner_requests_to_commit_processor_disabled fsync.warningthresholdms globalOutstandingLimit
    intBufferStartingSizeBytes IPAuthenticationProvider.usexforwardedfor ipReachableTimeout
    kerberos.canonicalizeHostNames kerberos.removeHostFromPrincipal kerberos.removeRealmFromPrincipal
    largeRequestMaxBytes largeRequestThreshold leader.ackLoggingFrequency leader.closeSocketAsync
    leader.maxConcurrentDiffSyncs leader.maxConcurrentSnapshots leader.maxConcurrentSnapshotTimeout
    leader.maxConcurrentSnapSyncs leader.maxTimeToWaitForEpoch leaderConnectDelayDuringRetryMs leaderServes
    learner.asyncSending learner.closeSocketAsync letAnySaslUserDoX localSessionsEnabled
    localSessionsUpgradingEnabled maxBatchSize maxCnxns maxGetChildrenResponseCacheSize
    maxInProcessingDeadWatchers maxResponseCacheSize maxWriteQueuePollTime messageTracker.BufferSize
    messageTracker.Enabled metricsProvider.className metricsProvider.exportJvmInfo metricsProvider.httpHost
    metricsProvider.httpPort metricsProvider.maxQueueSize metricsProvider.numWorkerThreads
    metricsProvider.workerShutdownTimeoutMs multiAddress.enabled multiAddress.reachabilityCheckEnabled
    multiAddress.reachabilityCheckTimeoutMs netty.advancedFlowControl.enabled
    netty.server.earlyDropSecureConnectionHandshakes netty.server.outstandingHandshake.limit
    nio.directBufferBytes nio.numSelectorThreads nio.numWorkerThreads nio.sessionlessCnxnTimeout
    nio.shutdownTimeout observer.election.DelayMs observer.reconnectDelayMs observer.syncEnabled
    observerMaster.sizeLimit observerMasterPort oraclePath pathStats.delay pathStats.enabled
    pathStats.initialDelay pathStats.maxDepth pathStats.sampleRate pathStats.slotCapacity pathStats.slotDuration
    pathStats.topPathMax peerType portUnification preAllocSize quorum.auth.enableSasl
    quorum.auth.kerberos.servicePrincipal quorum.auth.learner.saslLoginContext quorum.auth.learnerRequireSasl
    quorum.auth.server.saslLoginContext quorum.auth.serverRequireSasl quorum.cnxn.threads.size
    quorumCnxnTimeoutMs quorumListenOnAllIPs readonlymode.enabled reconfigEnabled request_stale_connection_check
    request_stale_latency_check request_throttle_drop_stale request_throttle_max_requests
    request_throttle_stall_time request_throttler.shutdownTimeout requireKerberosConfig sasl.serverconfig
    SASLAuthenticationProvider.superPassword secureClientPort secureClientPortAddress
    serializeLastProcessedZxid.enabled serverCnxnFactory sessionRequireClientSASLAuth skipACL snapCount
    snapshot.compression.method snapshot.trust.empty snapshotSizeFactor snapSizeLimitInKb
    ssl.allowReverseDnsLookup ssl.authProvider ssl.ciphersuites ssl.clientAuth ssl.clientHostnameVerification
    ssl.context.supplier.class ssl.crl ssl.enabledProtocols ssl.handshakeDetectionTimeoutMillis
    ssl.hostnameVerification ssl.keyStore.location ssl.keyStore.password ssl.keyStore.passwordPath
    ssl.keyStore.type ssl.ocsp ssl.protocol ssl.quorum.allowReverseDnsLookup ssl.quorum.ciphersuites
    ssl.quorum.clientAuth ssl.quorum.clientHostnameVerification ssl.quorum.context.supplier.class ssl.quorum.crl
    ssl.quorum.enabledProtocols ssl.quorum.handshakeDetectionTimeoutMillis ssl.quorum.hostnameVerification
    ssl.quorum.keyStore.location ssl.quorum.keyStore.password ssl.quorum.keyStore.passwordPath
    ssl.quorum.keyStore.type ssl.quorum.ocsp ssl.quorum.protocol ssl.quorum.trustStore.location
    ssl.quorum.trustStore.password ssl.quorum.trustStore.passwordPath ssl.quorum.trustStore.type ssl.sslProvider
    ssl.trustStore.location ssl.trustStore.password ssl.trustStore.passwordPath ssl.trustStore.type sslQuorum
    sslQuorumReloadCertFiles standaloneEnabled superUser syncEnabled tcpKeepAlive throttled_op_wait_time
    txnLogSizeLimitInKb watcherCleanIntervalInSeconds watcherCleanThreadsNum watcherCleanThreshold
    watchManagerName X509AuthenticationProvider.superUser znode.container.checkIntervalMs
    znode.container.maxNeverUsedIntervalMs znode.container.maxPerMinute
    """.split()  # noqa: SIM905 - one word a literal would be five times as long
)
"""Keys that the documentation or the source of some version knows."""

_NUMBERED = ("authProvider.", "group.", "weight.")
_SECRET_PARTS = (*PARTS, "superdigest", "bindpw", "userpass")


def key_of(name: str) -> str:
    """Return the zoo.cfg key that the variable *name* stands for: ``___`` → ``-``, ``__`` → ``_``, ``_`` → ``.``.

    The case is kept. Raises ValueError with the reason for a name that stands for no key.
    """
    if not name.startswith(PREFIX):
        # What ZK_CFG_FILE leaves without its suffix.
        raise ValueError(f"and {name}{FILE_SUFFIX} name no key of zoo.cfg")
    tail = name.removeprefix(PREFIX)
    if "____" in tail:
        raise ValueError("has more than three underscores in a row, which no rule covers")
    key = tail.replace("___", "-").replace("__", "\0").replace("_", ".").replace("\0", "_")
    if not key or not key.isascii() or not key.replace("-", "").replace("_", "").replace(".", "").isalnum():
        raise ValueError("names no key of zoo.cfg")
    return key


def variable_of(key: str) -> str:
    """Return the name of the variable that stands for *key*."""
    return PREFIX + key.replace("_", "__").replace("-", "___").replace(".", "_")


def is_secret(key: str) -> bool:
    """Return whether the value of *key* is a secret by its name; a path to a secret is none, a number of tokens too."""
    lowered = key.lower()
    return any(part in lowered for part in _SECRET_PARTS) and not lowered.endswith(("path", "location", "tokens"))


def nearest_key(key: str) -> str | None:
    """Return the key that was probably meant where ZooKeeper is not known to have *key*, None otherwise."""
    import difflib

    if key in KNOWN_KEYS or key.startswith(_NUMBERED):
        return None
    lowered = {known.lower(): known for known in KNOWN_KEYS}
    nearest = difflib.get_close_matches(key.lower(), lowered, n=1, cutoff=0.85)
    return lowered[nearest[0]] if nearest else None


def extra_keys(env: EnvReader, owned: Mapping[str, str]) -> tuple[dict[str, str], frozenset[str]]:
    """Return the keys that ZK_CFG_* sets, with their values, and those of them that are secret; notes problems.

    *owned* are the keys that have a variable of their own, with its name.
    """
    extra: dict[str, str] = {}
    secret: set[str] = set()
    for name in sorted({name.removesuffix(FILE_SUFFIX) for name in env.names(PREFIX)}):
        try:
            key = key_of(name)
        except ValueError as error:
            env.problems.note(f"{name} {error}")
            continue
        refusal = _refusal(key, owned)
        if refusal is not None:
            env.problems.note(f"{name}: {refusal}")
            continue
        value = env.text(name)
        if value is None:
            continue
        # What is a typing mistake away from a secret's name has a secret for its value.
        if is_secret(key) or is_secret(nearest_key(key) or "") or name in env.from_file:
            secret.add(key)
        if not is_trimmed(value):
            told = env.told(name, value, secret=key in secret)
            env.problems.note(f"{told} begins or ends in a blank or a control character, which ZooKeeper would cut off")
        extra[key] = value
    return extra, frozenset(secret)


def _refusal(key: str, owned: Mapping[str, str]) -> str | None:
    """Return why no ZK_CFG_* variable may set *key*, with the variable to use; None where it may."""
    owner = owned.get(key)
    if owner is not None:
        return f"zoo.cfg's {key} has a variable of its own: set {owner}"
    if key.startswith("server."):
        return f"zoo.cfg's {key} is generated: set ZK_REPLICAS and ZK_DOMAIN, or ZK_SERVERS"
    if key == "dynamicConfigFile":
        return "zoo.cfg's dynamicConfigFile is generated: set ZK_SERVERS, or ZK_RECONFIG=true"
    if key == "reconfigEnabled":
        return "zoo.cfg's reconfigEnabled has a variable of its own: set ZK_RECONFIG=true"
    return None
