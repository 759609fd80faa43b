// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {StorageSlot} from "@openzeppelin/contracts/utils/StorageSlot.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {ProvenKeys} from "../ProvenKeys.sol";
import {SignatureChain} from "../SignatureChain.sol";
import {ClusterMembers} from "./ClusterMembers.sol";
import {PeerSetHash} from "./PeerSetHash.sol";

/// @title Peers of a cluster: nodes that sit on a seat, hold a lease and can be reached
/// @notice A peer is entered by a voucher that the app inside the node signs, and that anybody may
/// submit. The holder of the token has named the instance, and the instance names the token: it
/// takes both. A lease that is not renewed lapses; a lapsed peer is in no answer but `getPeers`.
/// @dev Signed as EIP-712 typed data, by a key that the signature chain proves for the app with the
/// purpose `VOUCHER_PURPOSE`:
///
///     domain  name "DstackClusterNFT", version "1", chainId, verifyingContract: the cluster
///     Voucher(address appId,uint256 tokenId,address instanceId,uint8 networkType,
///             string endpoint,bytes32 wireguardKey,uint256 nonce,uint256 deadline)
///     Renewal(uint256 tokenId,address instanceId,uint256 nonce,uint256 deadline)
///
/// (one line each, no blank after a comma). The nonce is `nonces(instanceId)`, one sequence for
/// both, which no removal sets back.
///
/// `peersDigest` stands at slot PEERS_DIGEST_SLOT, alone in its word, and commits to all that
/// `getPeers` gives, so one storage proof of that slot proves any copy of the list:
///
///     member  the EIP-712 hashStruct, without a domain, of
///             Peer(uint256 tokenId,address appId,address instanceId,uint8 networkType,
///                  uint256 leaseUntil,bytes32 wireguardKey,string endpoint)
///             that is keccak256 of eight words: the type's hash, the six values, each as a word,
///             and keccak256(endpoint)
///     sum     of all members' points as in PeerSetHash, in any order; (0, 0) for no members
///     digest  keccak256 of three words: number of members, x and y of the sum
///
/// `getPeerEndpoints` at a block is then the endpoints of those members whose leaseUntil is not
/// before the block's timestamp.
abstract contract ClusterPeers is ClusterMembers, EIP712, ProvenKeys {
    using PeerSetHash for PeerSetHash.Sum;

    enum NetworkType {
        TLS_GATEWAY,
        WIREGUARD
    }

    /// @param appId The app that the node runs
    /// @param tokenId The seat that it takes
    /// @param instanceId The node
    /// @param endpoint https://host[:port], or host:port of the tunnel
    /// @param wireguardKey Public key of the tunnel, zero on a gateway
    /// @param nonce As `nonces` says
    /// @param deadline Last second at which the voucher is taken
    struct Voucher {
        address appId;
        uint256 tokenId;
        address instanceId;
        NetworkType networkType;
        string endpoint;
        bytes32 wireguardKey;
        uint256 nonce;
        uint256 deadline;
    }

    /// @param leaseUntil Last second at which it is a peer
    struct Peer {
        uint256 tokenId;
        address appId;
        address instanceId;
        NetworkType networkType;
        uint256 leaseUntil;
        bytes32 wireguardKey;
        string endpoint;
    }

    /// @param appIds Apps whose nodes may join; none: the app whose address the cluster is
    /// @param leaseDuration Seconds from a voucher or a renewal to the end of the lease
    struct PeerConfig {
        address kmsRoot;
        address[] appIds;
        uint32 leaseDuration;
    }

    /// @dev What a seat has no room for.
    struct Reach {
        bytes32 wireguardKey;
        string endpoint;
    }

    error ClusterBadLease(uint256 duration, uint256 least, uint256 most);
    error ClusterTooManyApps(uint256 count, uint256 most);
    /// @notice A cluster is its own app or lists other apps, never both: nodes of its own app share
    /// their keys, nodes of others do not.
    error ClusterMixedApps();
    error ClusterOtherApp(address appId);
    error ClusterPastDeadline(uint256 deadline, uint256 time);
    /// @notice The voucher is used, or one is used before it.
    error ClusterBadNonce(address instanceId, uint256 nonce, uint256 expected);
    /// @notice The holder of the token has not named that instance.
    error ClusterNotAssigned(uint256 tokenId, address assigned, address instanceId);
    error ClusterNetworkNotAllowed(NetworkType networkType, uint8 networkMode);
    error ClusterBadEndpoint(string endpoint);
    /// @notice WireGuard without a key, or a key without WireGuard.
    error ClusterBadWireguardKey(bytes32 wireguardKey);
    error ClusterWireguardKeyTaken(bytes32 wireguardKey, uint256 tokenId);
    error ClusterKeyNotProven(address signer, address appId);
    error ClusterNoPeer(uint256 tokenId);
    error ClusterLeaseLapsed(uint256 tokenId, uint256 leaseUntil);
    error ClusterLeaseRuns(uint256 tokenId, uint256 leaseUntil);
    error ClusterNotRegistered(address instanceId);

    event PeerRegistered(
        uint256 indexed tokenId,
        address indexed instanceId,
        address indexed signer,
        address appId,
        NetworkType networkType,
        string endpoint,
        bytes32 wireguardKey,
        uint256 leaseUntil
    );
    event LeaseRenewed(
        uint256 indexed tokenId, address indexed instanceId, uint256 leaseUntil, address signer
    );
    event PeerRemoved(uint256 indexed tokenId, address indexed instanceId, Reason reason);
    event PeersDigestSet(bytes32 digest, uint256 count);

    /// @notice The purpose under which the app asks dstack for the key that signs vouchers.
    string public constant VOUCHER_PURPOSE = "cluster";
    bytes32 public constant PEERS_DIGEST_SLOT = keccak256("devproof.cluster.peersDigest");
    bytes32 private constant VOUCHER_TYPEHASH = keccak256(
        "Voucher(address appId,uint256 tokenId,address instanceId,uint8 networkType,"
        "string endpoint,bytes32 wireguardKey,uint256 nonce,uint256 deadline)"
    );
    bytes32 private constant RENEWAL_TYPEHASH =
        keccak256("Renewal(uint256 tokenId,address instanceId,uint256 nonce,uint256 deadline)");
    bytes32 private constant PEER_TYPEHASH = keccak256(
        "Peer(uint256 tokenId,address appId,address instanceId,uint8 networkType,"
        "uint256 leaseUntil,bytes32 wireguardKey,string endpoint)"
    );
    uint256 private constant LEAST_LEASE = 1 minutes;
    uint256 private constant MOST_LEASE = 365 days;
    uint256 private constant MOST_ENDPOINT = 128;
    uint256 private constant MOST_APPS = 64;
    bytes8 private constant HTTPS = "https://";
    /// @dev One bit a character: - . / 0-9 : A-Z [ ] _ a-z. Endpoints end up in files of settings,
    /// where blanks, quotes, semicolons and line ends are commands.
    uint256 private constant ENDPOINT_CHARACTERS =
        (0x3fff << 45) | (0x3ffffff << 65) | (1 << 91) | (1 << 93) | (1 << 95) | (0x3ffffff << 97);

    /// @notice Seconds of a lease. Fixed.
    uint256 public immutable leaseDuration;

    /// @notice Whether nodes of an app may join. Fixed at deployment.
    mapping(address appId => bool) public isAppId;
    /// @notice The token whose peer has a WireGuard key; 0 for none.
    mapping(bytes32 wireguardKey => uint256 tokenId) public wireguardKeyToTokenId;

    address[] private _appIds;
    uint32[] private _peers;
    PeerSetHash.Sum private _sum;
    mapping(uint256 tokenId => Reach) private _reaches;

    constructor(PeerConfig memory config)
        EIP712("DstackClusterNFT", "1")
        ProvenKeys(config.kmsRoot, VOUCHER_PURPOSE)
    {
        if (config.leaseDuration < LEAST_LEASE || config.leaseDuration > MOST_LEASE) {
            revert ClusterBadLease(config.leaseDuration, LEAST_LEASE, MOST_LEASE);
        }
        if (config.appIds.length > MOST_APPS) {
            revert ClusterTooManyApps(config.appIds.length, MOST_APPS);
        }
        leaseDuration = config.leaseDuration;
        if (config.appIds.length == 0) _addApp(address(this));
        for (uint256 i = 0; i < config.appIds.length; i++) {
            if (config.appIds[i] == address(this)) revert ClusterMixedApps();
            _addApp(config.appIds[i]);
        }
        _setDigest();
    }

    /// @notice Enter a node, or enter it anew with other data. Anybody may submit the voucher.
    /// @param signature r, s, v over `voucherDigest`
    /// @param proof Chain of the key that signed; may be empty once `isProven`
    function registerPeer(
        Voucher calldata voucher,
        bytes calldata signature,
        SignatureChain.Proof calldata proof
    ) external {
        _requireNotPaused();
        if (!isAppId[voucher.appId]) revert ClusterOtherApp(voucher.appId);
        _requireNetwork(voucher.networkType);
        _requireReachable(voucher);
        address assigned = _seats[voucher.tokenId].instanceId;
        if (assigned == address(0) || assigned != voucher.instanceId) {
            revert ClusterNotAssigned(voucher.tokenId, assigned, voucher.instanceId);
        }
        _useNonce(voucher.instanceId, voucher.nonce, voucher.deadline);
        address signer = SignatureChain.recover(voucherDigest(voucher), signature);
        _prove(signer, voucher.appId, proof);
        uint256 before = _instances[voucher.instanceId].tokenId;
        _vacate(before, before == voucher.tokenId ? Reason.Renewed : Reason.Reassigned);
        _enter(voucher, signer);
    }

    /// @notice Prolong a lease that runs, also in a pause: the guardian can stop newcomers, not end
    /// a cluster. Anybody may submit the signature.
    /// @param signature r, s, v over `renewalDigest`, by a proven key of the peer's app
    function renewLease(uint256 tokenId, uint256 nonce, uint256 deadline, bytes calldata signature)
        external
    {
        Seat storage seat = _requirePeer(tokenId);
        if (_hasLapsed(seat)) revert ClusterLeaseLapsed(tokenId, seat.leaseUntil);
        _requireNetwork(NetworkType(seat.networkType));
        address instanceId = seat.instanceId;
        _useNonce(instanceId, nonce, deadline);
        address signer =
            SignatureChain.recover(renewalDigest(tokenId, instanceId, nonce, deadline), signature);
        address appId = _instances[instanceId].appId;
        if (!isProven[appId][signer]) revert ClusterKeyNotProven(signer, appId);

        _sum.remove(_memberOf(tokenId));
        seat.leaseUntil = _newLease();
        _sum.add(_memberOf(tokenId));
        _setDigest();
        emit LeaseRenewed(tokenId, instanceId, seat.leaseUntil, signer);
    }

    /// @notice Take a peer whose lease has lapsed off the list. Anybody may.
    function expirePeer(uint256 tokenId) external {
        Seat storage seat = _requirePeer(tokenId);
        if (!_hasLapsed(seat)) revert ClusterLeaseRuns(tokenId, seat.leaseUntil);
        _vacate(tokenId, Reason.Expired);
    }

    /// @notice Endpoints of all peers whose lease runs, in the order of `getPeers`.
    function getPeerEndpoints() external view returns (string[] memory endpoints) {
        uint256 count;
        for (uint256 i = 0; i < _peers.length; i++) {
            if (!_hasLapsed(_seats[_peers[i]])) count++;
        }
        endpoints = new string[](count);
        for (uint256 i = _peers.length; i > 0; i--) {
            uint256 tokenId = _peers[i - 1];
            if (!_hasLapsed(_seats[tokenId])) endpoints[--count] = _reaches[tokenId].endpoint;
        }
    }

    /// @notice A page of all peers, lapsed ones included: what `peersDigest` commits to.
    /// @param from Index of the first, from 0; a removal moves the last peer into the gap
    /// @param count How many at most; fewer come if the list ends
    function getPeers(uint256 from, uint256 count) external view returns (Peer[] memory page) {
        uint256 left = from < _peers.length ? _peers.length - from : 0;
        page = new Peer[](count < left ? count : left);
        for (uint256 i = 0; i < page.length; i++) {
            page[i] = _peerOf(_peers[from + i]);
        }
    }

    /// @notice How many peers there are, lapsed ones included.
    function peerCount() external view returns (uint256) {
        return _peers.length;
    }

    /// @notice The peer on a token, lapsed or not.
    function peerOf(uint256 tokenId) external view returns (Peer memory) {
        _requirePeer(tokenId);
        return _peerOf(tokenId);
    }

    /// @notice The token that an instance is registered on, lapsed or not; 0 for none.
    function instanceToTokenId(address instanceId) external view returns (uint256) {
        return _instances[instanceId].tokenId;
    }

    /// @notice Whether an instance is a peer whose lease runs.
    function instanceIsRegistered(address instanceId) public view returns (bool) {
        uint256 tokenId = _instances[instanceId].tokenId;
        return tokenId != 0 && !_hasLapsed(_seats[tokenId]);
    }

    /// @notice The same for an instance id as 40 digits of hex, with or without 0x.
    function instanceIsRegistered(string calldata instanceId) external view returns (bool) {
        return instanceIsRegistered(_parse(instanceId));
    }

    /// @notice Where a peer whose lease runs can be reached; empty for anybody else.
    function instanceToEndpoint(address instanceId) public view returns (string memory) {
        if (!instanceIsRegistered(instanceId)) return "";
        return _reaches[_instances[instanceId].tokenId].endpoint;
    }

    /// @notice The same for an instance id as 40 digits of hex, with or without 0x.
    function instanceToEndpoint(string calldata instanceId) external view returns (string memory) {
        return instanceToEndpoint(_parse(instanceId));
    }

    /// @notice Network of a peer whose lease runs. Reverts for anybody else: each number is a network.
    function instanceToNetworkType(address instanceId) public view returns (NetworkType) {
        if (!instanceIsRegistered(instanceId)) revert ClusterNotRegistered(instanceId);
        return NetworkType(_seats[_instances[instanceId].tokenId].networkType);
    }

    /// @notice The same for an instance id as 40 digits of hex, with or without 0x.
    function instanceToNetworkType(string calldata instanceId) external view returns (NetworkType) {
        return instanceToNetworkType(_parse(instanceId));
    }

    /// @notice The nonce that the next voucher or renewal of an instance must have.
    function nonces(address instanceId) external view returns (uint256) {
        return _instances[instanceId].nonce;
    }

    /// @notice The apps whose nodes may join.
    function appIds() external view returns (address[] memory) {
        return _appIds;
    }

    /// @notice Commits to the full list of peers; see the head of this contract.
    function peersDigest() external view returns (bytes32) {
        return StorageSlot.getBytes32Slot(PEERS_DIGEST_SLOT).value;
    }

    /// @notice What the app signs to register.
    function voucherDigest(Voucher calldata voucher) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(
                abi.encode(
                    VOUCHER_TYPEHASH,
                    voucher.appId,
                    voucher.tokenId,
                    voucher.instanceId,
                    voucher.networkType,
                    keccak256(bytes(voucher.endpoint)),
                    voucher.wireguardKey,
                    voucher.nonce,
                    voucher.deadline
                )
            )
        );
    }

    /// @notice What the app signs to renew.
    function renewalDigest(uint256 tokenId, address instanceId, uint256 nonce, uint256 deadline)
        public
        view
        returns (bytes32)
    {
        return _hashTypedDataV4(
            keccak256(abi.encode(RENEWAL_TYPEHASH, tokenId, instanceId, nonce, deadline))
        );
    }

    function _vacate(uint256 tokenId, Reason reason) internal override {
        Seat storage seat = _seats[tokenId];
        if (seat.position == 0) return;
        address instanceId = seat.instanceId;
        _sum.remove(_memberOf(tokenId));
        _unlist(seat.position);
        delete wireguardKeyToTokenId[_reaches[tokenId].wireguardKey];
        delete _reaches[tokenId];
        (seat.leaseUntil, seat.networkType, seat.position) = (0, 0, 0);
        (_instances[instanceId].appId, _instances[instanceId].tokenId) = (address(0), 0);
        _setDigest();
        emit PeerRemoved(tokenId, instanceId, reason);
    }

    function _enter(Voucher calldata voucher, address signer) private {
        // An instance is assigned to it, so it exists and fits.
        uint32 tokenId = uint32(voucher.tokenId);
        _takeWireguardKey(voucher.wireguardKey, tokenId);
        _peers.push(tokenId);
        Seat storage seat = _seats[tokenId];
        seat.leaseUntil = _newLease();
        seat.networkType = uint8(voucher.networkType);
        seat.position = uint32(_peers.length);
        _instances[voucher.instanceId].appId = voucher.appId;
        _instances[voucher.instanceId].tokenId = tokenId;
        _reaches[tokenId] = Reach(voucher.wireguardKey, voucher.endpoint);
        _sum.add(_memberOf(tokenId));
        _setDigest();
        emit PeerRegistered(
            tokenId,
            voucher.instanceId,
            signer,
            voucher.appId,
            voucher.networkType,
            voucher.endpoint,
            voucher.wireguardKey,
            seat.leaseUntil
        );
    }

    /// @dev The last peer moves into the gap.
    function _unlist(uint32 position) private {
        uint32 last = _peers[_peers.length - 1];
        _peers[position - 1] = last;
        _seats[last].position = position;
        _peers.pop();
    }

    function _takeWireguardKey(bytes32 key, uint256 tokenId) private {
        if (key == 0) return;
        if (wireguardKeyToTokenId[key] != 0) {
            revert ClusterWireguardKeyTaken(key, wireguardKeyToTokenId[key]);
        }
        wireguardKeyToTokenId[key] = tokenId;
    }

    function _useNonce(address instanceId, uint256 nonce, uint256 deadline) private {
        if (block.timestamp > deadline) revert ClusterPastDeadline(deadline, block.timestamp);
        Instance storage instance = _instances[instanceId];
        if (nonce != instance.nonce) revert ClusterBadNonce(instanceId, nonce, instance.nonce);
        instance.nonce++;
    }

    function _addApp(address appId) private {
        if (appId == address(0)) revert ProvenKeysZeroAddress();
        isAppId[appId] = true;
        _appIds.push(appId);
    }

    function _setDigest() private {
        bytes32 digest = _sum.digest(_peers.length);
        StorageSlot.getBytes32Slot(PEERS_DIGEST_SLOT).value = digest;
        emit PeersDigestSet(digest, _peers.length);
    }

    function _memberOf(uint256 tokenId) private view returns (bytes32) {
        Peer memory peer = _peerOf(tokenId);
        return keccak256(
            abi.encode(
                PEER_TYPEHASH,
                peer.tokenId,
                peer.appId,
                peer.instanceId,
                peer.networkType,
                peer.leaseUntil,
                peer.wireguardKey,
                keccak256(bytes(peer.endpoint))
            )
        );
    }

    function _peerOf(uint256 tokenId) private view returns (Peer memory) {
        Seat memory seat = _seats[tokenId];
        Reach storage reach = _reaches[tokenId];
        return Peer({
            tokenId: tokenId,
            appId: _instances[seat.instanceId].appId,
            instanceId: seat.instanceId,
            networkType: NetworkType(seat.networkType),
            leaseUntil: seat.leaseUntil,
            wireguardKey: reach.wireguardKey,
            endpoint: reach.endpoint
        });
    }

    function _requirePeer(uint256 tokenId) private view returns (Seat storage seat) {
        seat = _seats[tokenId];
        if (seat.position == 0) revert ClusterNoPeer(tokenId);
    }

    function _hasLapsed(Seat storage seat) private view returns (bool) {
        return block.timestamp > seat.leaseUntil;
    }

    function _newLease() private view returns (uint40) {
        return uint40(block.timestamp + leaseDuration);
    }

    function _requireNetwork(NetworkType networkType) private view {
        if (networkMode != ANY_NETWORK && networkMode != uint8(networkType)) {
            revert ClusterNetworkNotAllowed(networkType, networkMode);
        }
    }

    function _requireReachable(Voucher calldata voucher) private pure {
        bool isTunnel = voucher.networkType == NetworkType.WIREGUARD;
        if (isTunnel == (voucher.wireguardKey == 0)) {
            revert ClusterBadWireguardKey(voucher.wireguardKey);
        }
        bytes calldata endpoint = bytes(voucher.endpoint);
        // A URL has bytes after its scheme; whatever is shorter is no endpoint of a tunnel either.
        bool ok = endpoint.length > 0 && endpoint.length <= MOST_ENDPOINT;
        if (ok && !isTunnel) ok = endpoint.length > 8 && bytes8(endpoint[:8]) == HTTPS;
        for (uint256 i = 0; ok && i < endpoint.length; i++) {
            ok = (ENDPOINT_CHARACTERS >> uint8(endpoint[i])) & 1 == 1;
        }
        if (!ok) revert ClusterBadEndpoint(voucher.endpoint);
    }
}
