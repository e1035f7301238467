using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Hikyaku.Platform;

/// <summary>
/// Digests of node states, by which a service and a node find out whether they have the same states without sending all of them. Both use this.
/// <para>
/// A state is a record whose first property is its key; all of it counts except its <c>position</c>, which says when it was
/// sent and not what it is, and except what is null, false or 0, so that a service may have optional properties that the node's
/// version does not know. Times count in milliseconds. Tombstones (<c>deleted</c>) are left out: the two sides keep them for
/// different lengths of time.
/// </para>
/// <para>
/// A key belongs to one of 64 shards. The digest of a shard is the XOR of the SHA-256 of its states, so that their order does
/// not matter and no state has to be kept in memory. Digests find mistakes, not forgeries: both sides are trusted.
/// </para>
/// </summary>
public sealed class NodeStateDigests
{
    /// <summary>How many shards each part has.</summary>
    public const int Shards = 64;

    private static readonly JsonSerializerOptions Canonical = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
        Converters = { new Milliseconds() },
        TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { LeaveOutPosition } },
    };

    private readonly SortedDictionary<string, byte[][]> _parts = new(StringComparer.Ordinal);

    /// <summary>The digests so far, 64 of each part that had a state, in hex.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Parts
        => _parts.ToDictionary(p => p.Key, IReadOnlyList<string> (p) => [.. p.Value.Select(Convert.ToHexStringLower)]);

    /// <summary>Adds a state.</summary>
    public void Add(object state)
    {
        ArgumentNullException.ThrowIfNull(state);
        var content = ContentOf(state);
        var (key, deleted) = Read(content);
        if (deleted) return;
        var part = state.GetType().Name;
        if (!_parts.TryGetValue(part, out var shards)) _parts[part] = shards = [.. Enumerable.Range(0, Shards).Select(_ => new byte[SHA256.HashSizeInBytes])];
        var sum = shards[ShardOf(key)];
        var hash = SHA256.HashData(content);
        for (var i = 0; i < sum.Length; i++) sum[i] ^= hash[i];
    }

    /// <summary>The shards in which two sides differ, of some parts.</summary>
    public static IReadOnlySet<int> Differing(
        IReadOnlyDictionary<string, IReadOnlyList<string>> one, IReadOnlyDictionary<string, IReadOnlyList<string>> other, IEnumerable<string> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        var differing = new SortedSet<int>();
        foreach (var part in parts)
        {
            for (var shard = 0; shard < Shards; shard++)
            {
                if (Of(one, part, shard) != Of(other, part, shard)) differing.Add(shard);
            }
        }

        return differing;
    }

    /// <summary>The shard that a state is in.</summary>
    public static int ShardOf(object state) => ShardOf(Read(ContentOf(state)).Key);

    /// <summary>The shard of a key.</summary>
    public static int ShardOf(string key) => (int)(BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(key))) % Shards);

    /// <summary>Whether two states of one key say the same.</summary>
    public static bool AreSame(object one, object other) => ContentOf(one).AsSpan().SequenceEqual(ContentOf(other));

    private static string Of(IReadOnlyDictionary<string, IReadOnlyList<string>> digests, string part, int shard)
        => digests.TryGetValue(part, out var all) && shard < all.Count ? all[shard] : new string('0', SHA256.HashSizeInBytes * 2);

    private static byte[] ContentOf(object state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return JsonSerializer.SerializeToUtf8Bytes(state, state.GetType(), Canonical);
    }

    private static (string Key, bool Deleted) Read(byte[] content)
    {
        using var json = JsonDocument.Parse(content);
        var key = json.RootElement.EnumerateObject().FirstOrDefault().Value is { ValueKind: JsonValueKind.String } first ? first.GetString()! : "";
        return (key, json.RootElement.TryGetProperty("deleted", out var deleted) && deleted.ValueKind == JsonValueKind.True);
    }

    private static void LeaveOutPosition(JsonTypeInfo type)
    {
        for (var i = type.Properties.Count - 1; i >= 0; i--)
        {
            if (type.Properties[i].Name == "position") type.Properties.RemoveAt(i);
        }
    }

    private sealed class Milliseconds : JsonConverter<DateTimeOffset>
    {
        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
            => DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64());

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
            => writer.WriteNumberValue(value.ToUnixTimeMilliseconds());
    }
}

/// <summary>What <c>GET /internal/node-state/digests</c> answers.</summary>
/// <param name="Position">Like a list's: everything up to this position is in it.</param>
/// <param name="UpTo">Nothing after this position is in it. If a node has applied everything up to it and still differs, the node has missed something.</param>
/// <param name="Parts">64 digests of each part; none of a part that has no states.</param>
public sealed record NodeStateDigestsAnswer(long Position, long UpTo, IReadOnlyDictionary<string, IReadOnlyList<string>> Parts);
