using Hikyaku.Panel.Parts;

namespace Hikyaku.Panel.Screens.Operations.Nodes;

/// <summary>The words of mail nodes.</summary>
public static class NodeWords
{
    private const long MostCounted = 10_000;

    /// <summary>How a node is.</summary>
    public static string State(string state) => state switch
    {
        "serving" => NodesTexts.Serving,
        "lagging" => NodesTexts.Lagging,
        "expired" => NodesTexts.Expired,
        "rebuilding" => NodesTexts.Rebuilding,
        "retired" => NodesTexts.Retired,
        _ => state, // one of a later release
    };

    /// <summary>The class of a state's word.</summary>
    public static string? Look(string state) => state switch
    {
        "serving" => "good",
        "lagging" or "expired" => "bad",
        _ => null,
    };

    /// <summary>How far it is behind.</summary>
    public static string Lag(NodeLag lag)
    {
        ArgumentNullException.ThrowIfNull(lag);
        if (lag.Events == 0) return NodesTexts.NoLag;
        return Format.Fill(NodesTexts.LagOf, Format.Number((long)Math.Ceiling(lag.Seconds)), Format.Number(lag.Events) + (lag.Events >= MostCounted ? "+" : ""));
    }

    /// <summary>A kind of definitions.</summary>
    public static string Definitions(string kind) => kind switch
    {
        "spamRules" => NodesTexts.SpamRules,
        "virusSignatures" => NodesTexts.VirusSignatures,
        _ => kind, // one of a later release
    };
}
