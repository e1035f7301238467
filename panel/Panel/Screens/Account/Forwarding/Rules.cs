using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Components;

namespace Hikyaku.Panel.Screens.Account.Forwarding;

/// <summary>A forwarding rule.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Condition">all, from or subject.</param>
/// <param name="Keyword">Null for all mail.</param>
/// <param name="Destinations">In alphabetical order.</param>
public sealed record RuleRow(string Id, string Condition, string? Keyword, IReadOnlyList<string> Destinations)
{
    /// <summary>The rule in one line, which a form carries along to see whether somebody has changed it.</summary>
    [JsonIgnore]
    public string Line => JsonSerializer.Serialize(this, JsonSerializerOptions.Web);

    /// <summary>Reads such a line; null when it is none.</summary>
    public static RuleRow? OfLine(string? line)
    {
        try
        {
            return string.IsNullOrEmpty(line) ? null : JsonSerializer.Deserialize<RuleRow>(line, JsonSerializerOptions.Web);
        }
        catch (JsonException)
        {
            return null; // not a line that this panel has drawn
        }
    }
}

/// <summary>How many destinations the rules of each condition have together.</summary>
public sealed record UsedDestinations(int All, int From, int Subject)
{
    /// <summary>That of one condition.</summary>
    public int Of(string condition) => condition switch { "from" => From, "subject" => Subject, _ => All };
}

/// <summary>An account's rules.</summary>
/// <param name="Items">All of them.</param>
/// <param name="Used">How many of <paramref name="Limit"/> are used.</param>
/// <param name="Limit">How many destinations each condition may have.</param>
public sealed record RuleList(IReadOnlyList<RuleRow> Items, UsedDestinations Used, int Limit);

/// <summary>What a rule looks at, in the order of the list.</summary>
public static class Conditions
{
    /// <summary>Every message.</summary>
    public const string All = "all";

    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<string> Known = [All, "from", "subject"];

    /// <summary>The condition's word.</summary>
    public static string Word(string condition) => condition switch { "from" => "From", "subject" => "Subject", _ => ForwardingTexts.All };
}

/// <summary>The addresses that somebody typed or pasted into a form.</summary>
public static class TypedAddresses
{
    private static readonly char[] Between = [' ', '\t', '\r', '\n', '\u3000', ',', ';', '、', '，', '；'];

    /// <summary>Reads <c>destinations[0]</c> and so on, and <c>more</c>: several in one field become several.</summary>
    public static IReadOnlyList<string> Read(IFormCollection form)
    {
        ArgumentNullException.ThrowIfNull(form);
        List<string> typed = [];
        for (var i = 0; form.TryGetValue($"destinations[{i}]", out var value); i++) typed.AddRange(Split(value));
        typed.AddRange(Split(form["more"]));
        return typed;
    }

    private static string[] Split(string? text) => (text ?? "").Split(Between, StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>A page about an account's forwarding rules.</summary>
public abstract class RulePage : AccountPage
{
    /// <summary>The rule's number; null on pages of none.</summary>
    [Parameter] public string? Id { get; set; }

    /// <summary>The account's rules.</summary>
    protected RuleList Rules { get; private set; } = null!;

    /// <summary>Their version.</summary>
    protected string? Newest { get; private set; }

    /// <summary>The rule; null on pages of none.</summary>
    protected RuleRow? Present { get; private set; }

    /// <summary>The list's page.</summary>
    protected string List => Base + "/forwarding";

    /// <summary>The calls about rules.</summary>
    protected string RulesCall => Call + "/forwarding-rules";

    /// <summary>The call about the rule.</summary>
    protected string RuleCall => RulesCall + Parts.Urls.Api($"/{Id}");

    /// <inheritdoc/>
    protected override async Task LoadAsync()
    {
        var account = LoadAccountAsync();
        await LoadRulesAsync();
        await account;
    }

    /// <summary>Reads the rules, again when somebody was faster.</summary>
    protected async Task LoadRulesAsync()
    {
        var read = await Gateway.ReadAsync<RuleList>(RulesCall);
        (Rules, Newest) = (read.Value, read.Version);
        if (Id is null) return;
        Present = Rules.Items.FirstOrDefault(r => r.Id == Id) ?? throw new Api.GatewayRefusalException(StatusCodes.Status404NotFound);
    }
}
