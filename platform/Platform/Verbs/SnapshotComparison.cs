using System.Text.Json.Nodes;
using Marten;

namespace Hikyaku.Platform;

/// <summary>The snapshot of a stream against what the stream adds up to.</summary>
internal sealed class SnapshotComparison(IDocumentStore store, StreamChecks checks)
{
    public void Compare(FoldedStream stream, StreamRow row, Findings findings)
    {
        foreach (var other in row.Snapshots.Keys.Where(k => k != stream.Kind)) findings.Add(StreamChecks.ReadModel, row.Key, $"it has a snapshot in {other.TableIn(store)}, which is of another kind");
        var table = stream.Kind!.TableIn(store);
        if (!row.Snapshots.TryGetValue(stream.Kind, out var snapshot))
        {
            if (!checks.MayLackSnapshot(stream.State!)) findings.Add(StreamChecks.ReadModel, row.Key, $"it has no snapshot in {table}");
            return;
        }

        var (actual, expected) = (JsonNode.Parse(snapshot)!.AsObject(), JsonNode.Parse(store.Options.Serializer().ToJson(stream.State!))!.AsObject());
        foreach (var field in actual.Select(f => f.Key).Union(expected.Select(f => f.Key)))
        {
            // A snapshot of an earlier version may lack a field that was added since.
            if (!actual.TryGetPropertyValue(field, out var kept) && IsDefault(expected[field])) continue;
            if (JsonNode.DeepEquals(kept, expected[field])) continue; // PostgreSQL may change the order of properties
            findings.Compare(StreamChecks.ReadModel, row.Key, $"{field} in {table}", kept?.ToJsonString(), expected[field]?.ToJsonString(), checks.Hidden.Contains(field));
        }
    }

    private static bool IsDefault(JsonNode? value) => value is null || value.ToJsonString() is "false" or "0" or "[]";
}
