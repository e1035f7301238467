using k8s;
using k8s.Models;
using YamlDotNet.RepresentationModel;

namespace Hikyaku.Deploy.Tests;

/// <summary>Pods of one kind: a Deployment or a StatefulSet.</summary>
internal sealed record Workload(V1ObjectMeta Metadata, V1LabelSelector Selector, V1PodTemplateSpec Template, int? Replicas, IReadOnlyList<string> ClaimTemplates)
{
    public string Name => Metadata.Name;

    public V1PodSpec Pod => Template.Spec;

    public IReadOnlyDictionary<string, string> Labels => Template.Metadata.Labels.AsReadOnly();

    /// <summary>Those that run for as long as the pod does.</summary>
    public IEnumerable<V1Container> Servers => Pod.Containers;

    public IEnumerable<V1Container> AllContainers => [.. Pod.InitContainers ?? [], .. Pod.Containers];

    public IEnumerable<V1ContainerPort> Ports => Servers.SelectMany(c => c.Ports ?? []);
}

/// <summary>An object whose kind an operator brings: its text alone is known.</summary>
internal sealed record CustomResource(string Kind, string Name, YamlMappingNode Root)
{
    /// <summary>The texts that a path of fields leads to; lists are walked through.</summary>
    public IEnumerable<string> At(params string[] path) => Walk(Root, path).OfType<YamlScalarNode>().Select(n => n.Value ?? "");

    private static IEnumerable<YamlNode> Walk(YamlNode node, ReadOnlySpan<string> path)
    {
        if (node is YamlSequenceNode list)
        {
            var found = new List<YamlNode>();
            foreach (var item in list) found.AddRange(Walk(item, path));
            return found;
        }

        if (path.IsEmpty) return [node];
        return node is YamlMappingNode map && map.Children.TryGetValue(path[0], out var next) ? Walk(next, path[1..]) : [];
    }
}

/// <summary>What an overlay puts into the cluster. Fields that Kubernetes does not know are refused when it is read.</summary>
internal sealed class Manifests
{
    private static readonly string[] CustomGroups = ["postgresql.cnpg.io/v1", "rabbitmq.com/v1beta1", "cert-manager.io/v1", "gateway.networking.k8s.io/v1"];

    private Manifests(IReadOnlyList<IKubernetesObject<V1ObjectMeta>> objects, IReadOnlyList<CustomResource> customs, IReadOnlyDictionary<string, string[]> outside)
    {
        Objects = objects;
        Customs = customs;
        Outside = outside;
        Workloads =
        [
            .. All<V1Deployment>().Select(d => new Workload(d.Metadata, d.Spec.Selector, d.Spec.Template, d.Spec.Replicas, [])),
            .. All<V1StatefulSet>().Select(s => new Workload(
                s.Metadata, s.Spec.Selector, s.Spec.Template, s.Spec.Replicas, [.. (s.Spec.VolumeClaimTemplates ?? []).Select(c => c.Metadata.Name)])),
        ];
    }

    public IReadOnlyList<IKubernetesObject<V1ObjectMeta>> Objects { get; }

    public IReadOnlyList<CustomResource> Customs { get; }

    public IReadOnlyList<Workload> Workloads { get; }

    /// <summary>Secrets that somebody else puts there, with their keys.</summary>
    public IReadOnlyDictionary<string, string[]> Outside { get; }

    public IEnumerable<T> All<T>() => Objects.OfType<T>();

    public IEnumerable<CustomResource> Custom(string kind) => Customs.Where(c => c.Kind == kind);

    public Workload? Find(string name) => Workloads.FirstOrDefault(w => w.Name == name);

    public IEnumerable<Workload> Selected(IDictionary<string, string>? labels) => Workloads.Where(w => Matches(labels, w.Labels));

    public IEnumerable<Workload> Selected(V1LabelSelector selector)
        => Workloads.Where(w => Matches(selector.MatchLabels, w.Labels) && (selector.MatchExpressions ?? []).All(e => Matches(e, w.Labels)));

    public static bool Matches(IDictionary<string, string>? selector, IReadOnlyDictionary<string, string> labels)
        => (selector ?? new Dictionary<string, string>()).All(s => labels.GetValueOrDefault(s.Key) == s.Value);

    private static bool Matches(V1LabelSelectorRequirement requirement, IReadOnlyDictionary<string, string> labels)
        => requirement.OperatorProperty == "In"
            ? labels.TryGetValue(requirement.Key, out var value) && requirement.Values.Contains(value)
            : throw new InvalidDataException($"Selectors by {requirement.OperatorProperty} are not understood by these tests");

    public static Manifests Read(string yaml, IReadOnlyDictionary<string, string[]> outside)
    {
        var (objects, customs) = (new List<IKubernetesObject<V1ObjectMeta>>(), new List<CustomResource>());
        foreach (var text in yaml.Split("\n---\n", StringSplitOptions.RemoveEmptyEntries))
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            var root = (YamlMappingNode)stream.Documents.Single().RootNode;
            if (CustomGroups.Contains(((YamlScalarNode)root["apiVersion"]).Value))
            {
                customs.Add(new(((YamlScalarNode)root["kind"]).Value!, ((YamlScalarNode)root["metadata"]["name"]).Value!, root));
                continue;
            }

            objects.AddRange(KubernetesYaml.LoadAllFromString(text, null, strict: true).Cast<IKubernetesObject<V1ObjectMeta>>());
        }

        return new(objects, customs, outside);
    }
}
