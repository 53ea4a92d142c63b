using System.Text;

namespace Longspan.Core.Tests.Ecr;

internal static class TestManifests
{
    public const string Oci = "application/vnd.oci.image.manifest.v1+json";
    public const string OciIndex = "application/vnd.oci.image.index.v1+json";
    public const string Docker = "application/vnd.docker.distribution.manifest.v2+json";

    public static byte[] Image(string config, params string[] layers) => Encoding.UTF8.GetBytes(
        $$"""
        {"schemaVersion":2,"mediaType":"{{Oci}}",
         "config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{{config}}","size":16},
         "layers":[{{string.Join(',', layers.Select(layer => $$"""{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"{{layer}}","size":32}"""))}}]}
        """);

    public static byte[] Index(params string[] images) => Encoding.UTF8.GetBytes(
        $$"""
        {"schemaVersion":2,"mediaType":"{{OciIndex}}",
         "manifests":[{{string.Join(',', images.Select(image => $$"""{"mediaType":"{{Oci}}","digest":"{{image}}","size":300}"""))}}]}
        """);
}
