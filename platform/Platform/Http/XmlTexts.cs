using System.Collections.Concurrent;
using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Hikyaku.Platform;

/// <summary>What the XML documentation of this project's types says of them: the files that the compiler writes beside the programs.</summary>
internal sealed partial class XmlTexts
{
    private readonly ConcurrentDictionary<Assembly, IReadOnlyDictionary<string, XElement>> _files = new();

    /// <summary>A type's summary; null when there is none.</summary>
    public string? Of(Type type) => Find(type)?.Element("summary") is { } summary ? Plain(summary) : null;

    /// <summary>What is said of a property: its own summary, or that of the record's parameter.</summary>
    public string? Of(PropertyInfo property)
    {
        ArgumentNullException.ThrowIfNull(property);
        var type = property.DeclaringType!;
        var own = Members(type.Assembly).GetValueOrDefault($"P:{NameOf(type)}.{property.Name}")?.Element("summary");
        var text = own ?? Find(type)?.Elements("param").FirstOrDefault(p => (string?)p.Attribute("name") == property.Name);
        return text is null ? null : Plain(text);
    }

    private XElement? Find(Type type) => Members(type.Assembly).GetValueOrDefault("T:" + NameOf(type));

    private static string NameOf(Type type)
        => ((type.IsGenericType ? type.GetGenericTypeDefinition() : type).FullName ?? "").Replace('+', '.');

    private IReadOnlyDictionary<string, XElement> Members(Assembly assembly) => _files.GetOrAdd(assembly, Read);

    private static Dictionary<string, XElement> Read(Assembly assembly)
    {
        var path = Path.ChangeExtension(assembly.Location, ".xml");
        return assembly.GetName().Name?.StartsWith("System.", StringComparison.Ordinal) == true || !File.Exists(path)
            ? []
            : XDocument.Load(path).Descendants("member").ToDictionary(m => (string)m.Attribute("name")!);
    }

    // Texts of the code name rules of the specification, which no reader of the API knows.
    private static string? Plain(XElement text)
    {
        foreach (var code in text.Descendants("c").ToList()) code.ReplaceWith($"`{code.Value}`");
        foreach (var reference in text.Descendants("see").ToList()) reference.ReplaceWith(((string?)reference.Attribute("cref") ?? "").Split('.', ':')[^1]);
        var plain = Spaces().Replace(Rules().Replace(text.Value, ""), " ").Trim();
        return plain.Length > 0 ? plain : null;
    }

    [GeneratedRegex(@"\s*\((?:(?:[A-Z]{1,4}-[0-9]+[a-z]?)(?:, )?)+\)")]
    private static partial Regex Rules();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
