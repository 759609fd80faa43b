// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {PullPayments} from "../PullPayments.sol";
import {IAppAuth, IERC165} from "../interfaces/IAppAuth.sol";
import {ClusterRules} from "./ClusterRules.sol";

/// @title Seats of a cluster: one token, one node; one wallet, one token
/// @notice A seat is given by the owner, sold at a price, or voted by the members (ClusterBallot);
/// which of the three doors exist is fixed at deployment. Its holder says which instance sits on it.
/// That alone makes no peer: the instance must say so too, by a voucher (ClusterPeers).
///
/// A price that was paid stays the member's for `refundWindow`: who is revoked in it gets all back.
/// Only then does it become the owner's. The two are booked apart, and `withdraw` moves only the
/// owner's.
abstract contract ClusterMembers is Ownable2Step, ERC721, IAppAuth, PullPayments {
    /// @param maxNodes How many seats there can be, see `setClusterConfig`
    /// @param networkMode Which kinds of network, see `setClusterConfig`
    /// @param ownerAdmits May the owner give seats away?
    /// @param publicAdmits May the owner open the sale?
    /// @param refundWindow Seconds for which a price that was paid is the member's
    struct MemberConfig {
        uint32 maxNodes;
        uint8 networkMode;
        bool ownerAdmits;
        bool publicAdmits;
        uint32 refundWindow;
    }

    /// @dev One slot, and position and lease are zero unless the seat has a peer.
    struct Seat {
        address instanceId;
        uint40 leaseUntil;
        uint8 networkType;
        uint32 position;
    }

    /// @dev One slot. The nonce outlives everything: no voucher works twice.
    struct Instance {
        address appId;
        uint32 tokenId;
        uint32 nonce;
        uint32 seats;
    }

    struct Payment {
        uint128 amount;
        uint40 earnedAt;
    }

    /// @notice Why a peer is no longer one.
    enum Reason {
        Renewed,
        Expired,
        Reassigned,
        Transferred,
        Left,
        Revoked
    }

    error ClusterPaused(uint256 until);
    error ClusterBadMaxNodes(uint256 maxNodes, uint256 most);
    error ClusterBadNetworkMode(uint8 mode);
    error ClusterBadPrice(uint256 price, uint256 most);
    /// @notice This way in does not exist in this cluster, or is closed now, for `caller`.
    error ClusterClosed(address caller);
    error ClusterFull(uint256 maxNodes);
    error ClusterTooLittle(uint256 paid, uint256 price);
    error ClusterWalletHasToken(address wallet, uint256 tokenId);
    /// @notice Not 40 digits of hex, with or without 0x before them.
    error ClusterBadInstanceId(string text);
    error ClusterNotHolder(address caller, uint256 tokenId);
    error ClusterReasonTooLong(uint256 length, uint256 most);
    error ClusterNothingPaid(uint256 tokenId);
    error ClusterNotEarned(uint256 tokenId, uint256 earnedAt);
    error ClusterNothingEarned();

    event ClusterConfigSet(uint256 maxNodes, uint8 networkMode);
    event MintingPolicySet(uint256 price, bool publicMinting);
    event NodeAdmitted(uint256 indexed tokenId, address indexed holder, uint256 paid);
    event InstanceAssigned(uint256 indexed tokenId, address indexed instanceId);
    event NodeRevoked(
        uint256 indexed tokenId,
        address indexed holder,
        address indexed instanceId,
        string reason,
        uint256 refunded
    );
    event NodeLeft(uint256 indexed tokenId, address indexed holder);
    /// @notice What was paid for a token is now the owner's.
    event PriceEarned(uint256 indexed tokenId, uint256 amount);

    /// @dev No cluster has more seats.
    uint256 private constant MOST_NODES = 1024;
    /// @dev The network mode that takes nodes of every network type.
    uint8 internal constant ANY_NETWORK = 2;
    uint256 private constant MOST_REASON = 256;

    /// @notice The rules for code, and the guardian's pause. Fixed.
    ClusterRules public immutable rules;
    /// @notice Whether the owner may give seats away. Fixed.
    bool public immutable ownerAdmits;
    /// @notice Whether seats may ever be sold. Fixed.
    bool public immutable publicAdmits;
    /// @notice Seconds for which a price that was paid is the member's. Fixed.
    uint256 public immutable refundWindow;

    /// @notice How many seats there can be. Fewer than there are evicts nobody.
    uint32 public maxNodes;
    /// @notice 0 gateway, 1 WireGuard, 2 both.
    uint8 public networkMode;
    /// @notice Whether seats are sold now.
    bool public publicMinting;
    /// @notice Price of a seat in wei.
    uint96 public mintPrice;
    /// @notice How many seats there are.
    uint32 public totalSupply;
    /// @notice The newest token; they count from 1 and none comes back.
    uint32 public lastTokenId;

    /// @notice What the owner may take.
    uint256 public earnings;
    /// @notice The token of a wallet; 0 for none.
    mapping(address wallet => uint256 tokenId) public walletToTokenId;

    mapping(uint256 tokenId => Seat) internal _seats;
    mapping(address instanceId => Instance) internal _instances;
    mapping(uint256 tokenId => Payment) private _payments;

    constructor(MemberConfig memory config, ClusterRules rules_) {
        rules = rules_;
        ownerAdmits = config.ownerAdmits;
        publicAdmits = config.publicAdmits;
        refundWindow = config.refundWindow;
        _setClusterConfig(config.maxNodes, config.networkMode);
    }

    /// @notice Admit a node. The owner pays nothing; anybody else the price, while seats are sold.
    /// What is paid beyond the price is owed to the payer (`refund`).
    /// @param to Who holds the token; a contract must know that it can hold one
    /// @param instanceId The node's instance id in hex, with or without 0x; empty to say it later
    function mintNodeAccess(address to, string calldata instanceId)
        external
        payable
        returns (uint256 tokenId)
    {
        uint256 price = _priceFor(msg.sender);
        if (msg.value < price) revert ClusterTooLittle(msg.value, price);
        _credit(msg.sender, msg.value - price);
        address instance = bytes(instanceId).length == 0 ? address(0) : _parse(instanceId);
        return _admit(to, instance, price);
    }

    /// @notice How many seats there can be, and which networks nodes may use from now on. Nodes that
    /// are there stay until their lease ends.
    /// @param networkMode_ 0 gateway only, 1 WireGuard only, 2 both
    function setClusterConfig(uint256 maxNodes_, uint8 networkMode_) external onlyOwner {
        _setClusterConfig(maxNodes_, networkMode_);
    }

    /// @notice Sell seats, or stop it. A cluster whose doors exclude the sale refuses.
    function setMintingPolicy(uint256 price, bool publicMinting_) external onlyOwner {
        if (publicMinting_ && !publicAdmits) revert ClusterClosed(msg.sender);
        if (price > type(uint96).max) revert ClusterBadPrice(price, type(uint96).max);
        mintPrice = uint96(price);
        publicMinting = publicMinting_;
        emit MintingPolicySet(price, publicMinting_);
    }

    /// @notice Say which instance sits on a token. A peer that is another's ends with it.
    /// @dev Two tokens may name one instance: else who names it first would keep it from its owner.
    /// The instance decides, by the token in its voucher.
    /// @param instanceId Zero for none
    function assignInstance(uint256 tokenId, address instanceId) external {
        _requireHolder(tokenId);
        _assign(tokenId, instanceId, Reason.Reassigned);
    }

    /// @notice Give up a seat. The price is not given back.
    function resign(uint256 tokenId) external {
        _requireHolder(tokenId);
        _vacate(tokenId, Reason.Left);
        _burn(tokenId);
        emit NodeLeft(tokenId, msg.sender);
        if (_payments[tokenId].amount != 0) _earn(tokenId);
    }

    /// @notice Take a node out of the cluster. Its holder is refunded within the refund window.
    /// @param reason For the log, at most 256 bytes
    function revoke(uint256 tokenId, string calldata reason) external onlyOwner {
        if (bytes(reason).length > MOST_REASON) {
            revert ClusterReasonTooLong(bytes(reason).length, MOST_REASON);
        }
        address holder = ownerOf(tokenId);
        address instanceId = _seats[tokenId].instanceId;
        _vacate(tokenId, Reason.Revoked);
        _burn(tokenId);
        uint256 refunded = _refundable(tokenId);
        if (refunded == 0 && _payments[tokenId].amount != 0) _earn(tokenId);
        delete _payments[tokenId];
        _credit(holder, refunded);
        emit NodeRevoked(tokenId, holder, instanceId, reason, refunded);
    }

    /// @notice Book a price whose refund window has passed as the owner's. Anybody may.
    function collect(uint256 tokenId) external {
        Payment memory payment = _payments[tokenId];
        if (payment.amount == 0) revert ClusterNothingPaid(tokenId);
        if (block.timestamp < payment.earnedAt) {
            revert ClusterNotEarned(tokenId, payment.earnedAt);
        }
        _earn(tokenId);
    }

    /// @notice Take all that is owed to the caller.
    function refund(address payable to) external {
        _payCaller(to);
    }

    /// @notice Take what the cluster has earned. What is owed to members, or may yet be, is not
    /// among it.
    function withdraw(address payable to) external onlyOwner {
        uint256 amount = earnings;
        if (amount == 0) revert ClusterNothingEarned();
        earnings = 0;
        _pay(to, amount);
    }

    /// @notice What was paid for a token and is not the owner's yet, and when it will be.
    function paymentOf(uint256 tokenId) external view returns (uint256 amount, uint256 earnedAt) {
        Payment memory payment = _payments[tokenId];
        return (payment.amount, payment.earnedAt);
    }

    /// @notice The instance that the holder of a token has named; zero for none.
    function instanceOf(uint256 tokenId) external view returns (address) {
        return _seats[tokenId].instanceId;
    }

    /// @notice How many tokens name an instance.
    function seatsOf(address instanceId) external view returns (uint256) {
        return _instances[instanceId].seats;
    }

    /// @notice ERC-721 and its metadata, the AppAuth of dstack, ERC-165.
    function supportsInterface(bytes4 interfaceId)
        public
        view
        override(ERC721, IERC165)
        returns (bool)
    {
        return interfaceId == type(IAppAuth).interfaceId || super.supportsInterface(interfaceId);
    }

    /// @dev A peer of the seat, if there is one, ends.
    function _vacate(uint256 tokenId, Reason reason) internal virtual;

    function _admit(address to, address instanceId, uint256 paid)
        internal
        returns (uint256 tokenId)
    {
        _requireNotPaused();
        if (totalSupply >= maxNodes) revert ClusterFull(maxNodes);
        tokenId = ++lastTokenId;
        // All ether there is fits into 128 bits.
        if (paid != 0) {
            _payments[tokenId] = Payment(uint128(paid), uint40(block.timestamp + refundWindow));
        }
        // Not the safe mint: it would call a stranger's contract in the middle.
        _mint(to, tokenId);
        emit NodeAdmitted(tokenId, to, paid);
        _assign(tokenId, instanceId, Reason.Reassigned);
    }

    function _assign(uint256 tokenId, address instanceId, Reason reason) internal {
        address before = _seats[tokenId].instanceId;
        if (before == instanceId) return;
        _vacate(tokenId, reason);
        if (before != address(0)) _instances[before].seats--;
        if (instanceId != address(0)) _instances[instanceId].seats++;
        _seats[tokenId].instanceId = instanceId;
        emit InstanceAssigned(tokenId, instanceId);
    }

    /// @dev Every change of hands comes through here. The next holder names an instance anew.
    function _update(address to, uint256 tokenId, address auth)
        internal
        override
        returns (address from)
    {
        from = super._update(to, tokenId, auth);
        if (from == address(0)) {
            totalSupply++;
        } else {
            delete walletToTokenId[from];
            _assign(tokenId, address(0), Reason.Transferred);
        }
        if (to == address(0)) {
            totalSupply--;
        } else {
            if (walletToTokenId[to] != 0) revert ClusterWalletHasToken(to, walletToTokenId[to]);
            walletToTokenId[to] = tokenId;
        }
    }

    function _requireNotPaused() internal view {
        if (rules.paused()) revert ClusterPaused(rules.pausedUntil());
    }

    function _requireHolder(uint256 tokenId) internal view {
        if (ownerOf(tokenId) != msg.sender) revert ClusterNotHolder(msg.sender, tokenId);
    }

    function _parse(string calldata instanceId) internal pure returns (address instance) {
        bool ok;
        (ok, instance) = Strings.tryParseAddress(instanceId);
        if (!ok) revert ClusterBadInstanceId(instanceId);
    }

    function _earn(uint256 tokenId) private {
        uint256 amount = _payments[tokenId].amount;
        delete _payments[tokenId];
        earnings += amount;
        emit PriceEarned(tokenId, amount);
    }

    function _setClusterConfig(uint256 maxNodes_, uint8 networkMode_) private {
        if (maxNodes_ == 0 || maxNodes_ > MOST_NODES) {
            revert ClusterBadMaxNodes(maxNodes_, MOST_NODES);
        }
        if (networkMode_ > ANY_NETWORK) revert ClusterBadNetworkMode(networkMode_);
        maxNodes = uint32(maxNodes_);
        networkMode = networkMode_;
        emit ClusterConfigSet(maxNodes_, networkMode_);
    }

    function _refundable(uint256 tokenId) private view returns (uint256) {
        Payment memory payment = _payments[tokenId];
        return block.timestamp < payment.earnedAt ? payment.amount : 0;
    }

    function _priceFor(address caller) private view returns (uint256) {
        if (ownerAdmits && caller == owner()) return 0;
        if (publicMinting) return mintPrice;
        revert ClusterClosed(caller);
    }
}
