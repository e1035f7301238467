using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;

namespace Hikyaku.Restrictions.Judging;

/// <summary>What a rule has counted when it restricted somebody (RST-4), for operators; stored as JSON with the restriction.</summary>
/// <param name="Policy">The policy's version.</param>
/// <param name="Signs">What was counted.</param>
/// <param name="Sum">Of the weights of the signs; null where one sign is enough.</param>
/// <param name="Threshold">From which sum.</param>
/// <param name="Networks">From which networks it was done; who comes from one of them cannot end a suspected compromise (RST-9).</param>
/// <param name="Samples">Some of the accounts, by their ids: an address would outlive its account here (OPS-6).</param>
public sealed record Evidence(
    string Policy, IReadOnlyList<Sign> Signs, int? Sum = null, int? Threshold = null, IReadOnlyList<string>? Networks = null, IReadOnlyList<string>? Samples = null)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.Create(UnicodeRanges.All),
    };

    /// <summary>As it is stored.</summary>
    [JsonIgnore]
    public string Text => JsonSerializer.Serialize(this, Json);

    /// <summary>Reads what was stored.</summary>
    public static Evidence? Read(string? text) => text is null ? null : JsonSerializer.Deserialize<Evidence>(text, Json);
}

/// <summary>Something that was counted.</summary>
/// <param name="Name">A rule's name, or a sign's.</param>
/// <param name="Value">How many.</param>
/// <param name="Limit">From how many on it counts.</param>
/// <param name="Usual">How many are usual for the account; null where that does not matter.</param>
/// <param name="Weight">How much it adds; null where it is enough by itself.</param>
/// <param name="Minutes">The time before the decision in which it was counted; null: in evidence of before it was kept.</param>
public sealed record Sign(string Name, long Value, long Limit, long? Usual = null, int? Weight = null, int? Minutes = null);
