// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @title The signature chain of dstack: KMS root, app key, derived key
/// @notice The KMS root signs the key of an app, and that key signs each key derived from it. The
/// chain proves that an app holds a key. It says nothing of a time, a path, an instance or the code
/// that runs: any code ever allowed under the app id can make it.
/// @dev Signatures are over bare Keccak-256 digests, without a prefix of Ethereum:
///
///     app  keccak256(purpose || ":" || lower-case hex of the derived key)
///     kms  keccak256("dstack-kms-issued:" || app id || app key)
///
/// Not everything that holds a key of the app speaks for the app: a wallet signs what its user asks
/// for, under purpose "ethereum". A contract that takes an app's word demands a purpose of its own.
///
/// Errors name what was refused. Nothing here may be keyed by signature bytes: who holds the key can
/// make any number of signatures of one message.
library SignatureChain {
    /// @param appPubKey Key of the app, compressed: 33 bytes
    /// @param derivedPubKey Key that the app derived, compressed: 33 bytes
    /// @param appSignature By the app key over purpose and derived key: r, s, v, 65 bytes
    /// @param kmsSignature By the KMS root over app id and app key: r, s, v, 65 bytes
    /// @param purpose What dstack was asked with; it does not separate keys, paths do
    struct Proof {
        bytes appPubKey;
        bytes derivedPubKey;
        bytes appSignature;
        bytes kmsSignature;
        string purpose;
    }

    /// @notice Not 33 bytes with prefix 2 or 3, or not the x of a point of secp256k1.
    error SignatureChainBadKey(bytes key);
    /// @notice Not 65 bytes with r and s in range, s in the lower half and v 0, 1, 27 or 28.
    error SignatureChainBadSignature(bytes signature);
    /// @notice The second signature is by `recovered`, not by the KMS root.
    error SignatureChainNotFromRoot(address recovered, address root);
    /// @notice The first signature is by `recovered`, not by the app key that the root vouches for.
    error SignatureChainAppKeyMismatch(address recovered, address app);

    /// The field of secp256k1, and the order of its group.
    uint256 private constant P = 2 ** 256 - 2 ** 32 - 977;
    uint256 private constant N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
    uint256 private constant KEY_LENGTH = 33;
    uint256 private constant SIGNATURE_LENGTH = 65;

    /// @notice Check a whole chain; reverts unless each link holds.
    /// @param kmsRoot Address of the trusted KMS root key
    /// @param appId The app that must hold the key
    /// @return derived Address of the derived key
    function verify(Proof memory proof, address kmsRoot, address appId)
        internal
        view
        returns (address derived)
    {
        address app = addressOf(proof.appPubKey);
        address root = recover(kmsDigest(appId, proof.appPubKey), proof.kmsSignature);
        if (root != kmsRoot) revert SignatureChainNotFromRoot(root, kmsRoot);
        derived = addressOf(proof.derivedPubKey);
        address signer = recover(appDigest(proof.purpose, proof.derivedPubKey), proof.appSignature);
        // Without this comparison anybody could sign the first link.
        if (signer != app) revert SignatureChainAppKeyMismatch(signer, app);
    }

    /// @notice What the KMS root signs to vouch for the key of an app.
    function kmsDigest(address appId, bytes memory appPubKey) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked("dstack-kms-issued:", appId, appPubKey));
    }

    /// @notice What an app key signs to vouch for a derived key.
    /// @param derivedPubKey 33 bytes; a key of another length has no digest
    function appDigest(string memory purpose, bytes memory derivedPubKey)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encodePacked(purpose, ":", _keyHex(derivedPubKey)));
    }

    /// @notice Address of a compressed key; reverts if it is no point of the curve.
    function addressOf(bytes memory compressedKey) internal view returns (address) {
        if (compressedKey.length != KEY_LENGTH) revert SignatureChainBadKey(compressedKey);
        uint256 prefix = uint8(compressedKey[0]);
        uint256 x;
        assembly ("memory-safe") {
            x := mload(add(compressedKey, 33))
        }
        if ((prefix != 2 && prefix != 3) || x >= P) revert SignatureChainBadKey(compressedKey);
        uint256 square = addmod(mulmod(mulmod(x, x, P), x, P), 7, P);
        uint256 y = _sqrtCandidate(square);
        if (mulmod(y, y, P) != square) revert SignatureChainBadKey(compressedKey);
        // No point has y = 0, so both roots exist and differ in parity.
        if (y & 1 != prefix & 1) y = P - y;
        return address(uint160(uint256(keccak256(abi.encode(x, y)))));
    }

    /// @notice Signer of a digest. Never the zero address.
    /// @param signature r, s, v with s in the lower half; v is 27 or 28, or 0 or 1 as dstack sends it
    function recover(bytes32 digest, bytes memory signature)
        internal
        pure
        returns (address signer)
    {
        if (signature.length != SIGNATURE_LENGTH) {
            revert SignatureChainBadSignature(signature);
        }
        bytes32 r;
        bytes32 s;
        assembly ("memory-safe") {
            r := mload(add(signature, 32))
            s := mload(add(signature, 64))
        }
        uint8 v = uint8(signature[64]);
        if (v < 2) v += 27;
        if ((v != 27 && v != 28) || uint256(s) > N / 2) {
            revert SignatureChainBadSignature(signature);
        }
        signer = ecrecover(digest, v, r, s);
        // The answer to r or s of zero, and to an r that is no point.
        if (signer == address(0)) revert SignatureChainBadSignature(signature);
    }

    /// @dev square^((P + 1) / 4): the root, if there is one, as P is 3 modulo 4. The caller must
    /// square it: so no failure of the precompile can pass for a root.
    function _sqrtCandidate(uint256 square) private view returns (uint256 root) {
        uint256 exponent = (P + 1) / 4;
        uint256 modulus = P;
        assembly ("memory-safe") {
            let input := mload(0x40)
            mstore(input, 32)
            mstore(add(input, 0x20), 32)
            mstore(add(input, 0x40), 32)
            mstore(add(input, 0x60), square)
            mstore(add(input, 0x80), exponent)
            mstore(add(input, 0xa0), modulus)
            pop(staticcall(gas(), 5, input, 0xc0, 0, 0x20))
            root := mload(0)
        }
    }

    /// @dev 33 bytes as 66 lower-case digits.
    function _keyHex(bytes memory key) private pure returns (bytes memory) {
        if (key.length != KEY_LENGTH) revert SignatureChainBadKey(key);
        uint256 x;
        assembly ("memory-safe") {
            x := mload(add(key, 33))
        }
        bytes2 prefix = bytes2(uint16(_hex(uint8(key[0]))));
        return abi.encodePacked(prefix, _hex(x >> 128), _hex(x & type(uint128).max));
    }

    /// @dev 16 bytes as 32 lower-case digits, all at once: a loop over the digits of two keys would
    /// cost more than all recoveries. max / (2^k + 1) is a mask of every other k bits.
    function _hex(uint256 value) private pure returns (uint256) {
        uint256 max = type(uint256).max;
        value = (value | value << 64) & max / (2 ** 64 + 1);
        value = (value | value << 32) & max / (2 ** 32 + 1);
        value = (value | value << 16) & max / (2 ** 16 + 1);
        value = (value | value << 8) & max / (2 ** 8 + 1);
        value = (value | value << 4) & max / (2 ** 4 + 1);
        // Now each byte is a digit from 0 to 15. Those above 9 are letters.
        uint256 ones = max / 255;
        uint256 letters = (value + 6 * ones) >> 4 & ones;
        return value + 0x30 * ones + 0x27 * letters;
    }
}
