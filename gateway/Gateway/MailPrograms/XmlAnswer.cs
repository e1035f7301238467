using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace Hikyaku.Gateway.MailPrograms;

/// <summary>XML as mail programs read it: UTF-8 without a byte order mark, names and values escaped by the writer.</summary>
internal static class XmlAnswer
{
    private static readonly XmlWriterSettings Written = new() { Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), Indent = true };

    /// <summary>Its bytes.</summary>
    public static byte[] Bytes(XDocument document)
    {
        using var bytes = new MemoryStream();
        using (var writer = XmlWriter.Create(bytes, Written)) document.Save(writer);
        return bytes.ToArray();
    }

    /// <summary>The answer.</summary>
    public static IResult Of(XDocument document) => Results.Bytes(Bytes(document), "text/xml; charset=utf-8");
}
