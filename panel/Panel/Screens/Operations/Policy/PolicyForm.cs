using System.Globalization;

namespace Hikyaku.Panel.Screens.Operations.Policy;

/// <summary>A policy as it was typed.</summary>
/// <param name="form">The form's fields.</param>
public sealed class PolicyForm(IFormCollection form)
{
    private static readonly char[] BetweenNetworks = ['\r', '\n', ',', ' ', '\t'];

    /// <summary>The field of a value.</summary>
    public static string FieldOf(string name) => $"values.{name}";

    /// <summary>What was typed for a value.</summary>
    public string Typed(string name) => form[FieldOf(name)].ToString().Trim();

    /// <summary>The networks that were typed.</summary>
    public string Networks => form["sharedFetchers"].ToString();

    /// <summary>Another field.</summary>
    public string Text(string name) => form[name].ToString();

    /// <summary>
    /// The values that are to be set. What is no number goes to the platform as it was typed, which refuses it together with other mistakes.
    /// </summary>
    public Dictionary<string, object> Values() => PolicyWords.Names.Where(n => Typed(n).Length > 0).ToDictionary(n => n, n => ValueOf(Typed(n)));

    /// <summary>Those of them that are other than the present ones: a trial sets them for every domain.</summary>
    public Dictionary<string, object> Changed(PolicyNow present)
        => Values().Where(v => !(v.Value is int number && present.Values.TryGetValue(v.Key, out var now) && number == now)).ToDictionary();

    /// <summary>The networks, each by itself.</summary>
    public IReadOnlyList<string> NetworkList() => Networks.Split(BetweenNetworks, StringSplitOptions.RemoveEmptyEntries);

    /// <summary>What stood in the form when it was opened, so that a change by somebody else can be shown beside it.</summary>
    public static string Opened(PolicyNow policy) => string.Join(' ', PolicyWords.Names.Select(n => (n, Value: policy.Own(n))).Where(v => v.Value is not null).Select(v => $"{v.n}={Text(v.Value!.Value)}"));

    /// <summary>A value as it stood when the form was opened; empty: it was inherited.</summary>
    public string OpenedValue(string name)
        => Text("opened").Split(' ').FirstOrDefault(v => v.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..] ?? "";

    /// <summary>A number as it is typed.</summary>
    public static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static object ValueOf(string typed) => int.TryParse(typed, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : typed;
}
