using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Hikyaku.Feed.Tests.Documents;

/// <summary>What the XML documentation of contracts says of them and of their fields.</summary>
public sealed partial class ContractTexts
{
    private readonly Dictionary<string, XElement> _types;

    /// <summary>Reads the documentation beside some assemblies.</summary>
    public ContractTexts(params IEnumerable<Assembly> contracts)
        => _types = contracts.SelectMany(c => XDocument.Load(Path.ChangeExtension(c.Location, ".xml")).Descendants("member"))
            .Where(m => ((string)m.Attribute("name")!).StartsWith("T:", StringComparison.Ordinal))
            .ToDictionary(m => ((string)m.Attribute("name")!)[2..]);

    /// <summary>What a type means.</summary>
    public string Summary(Type type) => Text(Chain(type.FullName!).Select(t => t.Element("summary")).FirstOrDefault(s => s is not null))
        ?? throw new InvalidOperationException($"{type} is not documented");

    /// <summary>What a field means, as its record or the one that this inherits its documentation from says; else any other with that field.</summary>
    public string Field(Type type, string name)
        => Text(Chain(type.FullName!).Concat(_types.OrderBy(t => t.Key, StringComparer.Ordinal).Select(t => t.Value))
            .SelectMany(t => t.Elements("param")).FirstOrDefault(p => (string?)p.Attribute("name") == name))
            ?? throw new InvalidOperationException($"{type}.{name} is not documented");

    private IEnumerable<XElement> Chain(string? name)
    {
        for (var depth = 0; depth < 10 && name is not null && _types.TryGetValue(name, out var type); depth++)
        {
            yield return type;
            name = ((string?)type.Element("inheritdoc")?.Attribute("cref"))?[2..];
        }
    }

    private static string? Text(XElement? element)
        => element is null ? null : Blanks().Replace(string.Concat(element.Nodes().Select(Word)), " ").Trim();

    private static string Word(XNode node) => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "paramref" } e => $"`{Camel((string)e.Attribute("name")!)}`",
        XElement { Name.LocalName: "see" } e when (string?)e.Attribute("cref") is { } cref => cref.Split('.')[^1],
        XElement { Name.LocalName: "c" } e => $"`{e.Value}`",
        XElement e => e.Value,
        _ => "",
    };

    private static string Camel(string name) => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(name);

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
